"""The parts of Scripts/benchmark: one module a part, each used only by those named after it.

system, figures, processors, mesh, stage, worker, changes, fan, pipe (with pipe.c), baselines (with pipeline.py), bulk,
letters, fanout, hammer (with hammer.c), profile, ingest, serving, load, patients, lookups, queries, roundtrip, desk,
live, deadletters. Processes, brokers and what is left to undo are torturelib's.
"""
