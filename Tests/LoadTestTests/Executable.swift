import LoadTest
import TestSupport

/// The `wherry` that was built with these tests.
let wherryExecutable = WorkerProcess.executable
