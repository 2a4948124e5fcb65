import ArgumentParser
import CareRecord
import Gateway

extension HIEIdentifier: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

extension ReplicaName: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

extension ListenAddress: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
    var defaultValueDescription: String { description }
}

extension TimeSpan: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
    var defaultValueDescription: String { description }
}

extension NHSNumber {
    /// Reads a number of the command line; the error does not repeat it, as the parser's own would.
    init(argument: String) throws {
        guard let number = NHSNumber(argument) else {
            throw ValidationError(
                "that is not an NHS number: it has ten digits, the last of which is a modulus 11 check digit")
        }
        self = number
    }
}
