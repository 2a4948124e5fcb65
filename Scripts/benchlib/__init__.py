"""The parts of Scripts/benchmark: one module a part, each used only by those named after it.

system, figures, processors, mesh, stage, worker, changes, load, patients, lookups, queries, roundtrip. Processes,
brokers and what is left to undo are torturelib's.
"""
