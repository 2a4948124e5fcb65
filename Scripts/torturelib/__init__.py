"""The parts of Scripts/torture: one module a part, each used only by those named after it.

system, janitor, machine, feed, worker, broker, mesh, faults, reader, checker, report.
"""
