"""The parts of Scripts/benchmark: one module a part, each used only by those named after it.

system, figures, processors, mesh, stage, worker, changes, load, patients, lookups, queries, roundtrip, letters, pipe
(with pipe.c), desk, live, deadletters. Processes, brokers and what is left to undo are torturelib's.
"""
