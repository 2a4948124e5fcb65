import Glibc
import NIOCore

/// The errors of the operating system that a person at the command line can do something about.
enum SystemError {
    case addressInUse
    case notPermitted
    case noSuchAddress
    case connectionRefused

    /// `nil` for any other error.
    static func number(of error: any Error) -> SystemError? {
        guard let error = error as? IOError else { return nil }
        switch error.errnoCode {
        case EADDRINUSE: return .addressInUse
        case EACCES: return .notPermitted
        case EADDRNOTAVAIL: return .noSuchAddress
        case ECONNREFUSED: return .connectionRefused
        default: return nil
        }
    }
}
