import ArgumentParser
import Foundation
import Keys
import Topology

/// Why a verb ends with another exit status than 0. The one place that maps errors to statuses.
struct CommandFailure: Error, CustomStringConvertible {
    enum Status: Int32 {
        /// It could not be done.
        case failed = 1
        /// The input is refused: the same command cannot succeed without another input.
        case refused = 2
    }

    let status: Status
    /// For standard error; says what to do. Empty when everything has been printed already.
    let description: String

    init(_ status: Status, _ description: String) {
        self.status = status
        self.description = description
    }

    /// Everything that was to say has been said.
    static let alreadyReported = CommandFailure(.failed, "")

    init(_ error: TopologyError) {
        switch error.code {
        case .unreadable, .invalid, .invalidAddress: self.init(.refused, error.description)
        case .brokerUnreachable, .declarationRefused, .accountRefused, .managementUnavailable:
            self.init(.failed, error.description)
        }
    }

    init(_ error: KeysError) {
        switch error.code {
        case .unreadable, .exists, .refused: self.init(.refused, error.description)
        case .unwritable, .busy: self.init(.failed, error.description)
        }
    }

    /// Prints the error where it belongs and ends the process.
    static func exit(_ error: any Error) -> Never {
        if let failure = error as? CommandFailure { failure.exit() }
        if let error = error as? TopologyError { CommandFailure(error).exit() }
        if let error = error as? KeysError { CommandFailure(error).exit() }
        let message = Wherry.fullMessage(for: error)
        switch Wherry.exitCode(for: error) {
        case .success:
            Terminal.print(message)
            Foundation.exit(0)
        case .validationFailure:
            CommandFailure(.refused, message).exit()
        case let code where error is ExitCode:
            Foundation.exit(code.rawValue)
        default:
            CommandFailure(.failed, message).exit()
        }
    }

    private func exit() -> Never {
        if !description.isEmpty { Terminal.printError(description) }
        Foundation.exit(status.rawValue)
    }
}
