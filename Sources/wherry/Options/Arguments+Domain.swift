import ArgumentParser
import CareRecord
import Gateway

extension HIEIdentifier: ExpressibleByArgument {
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
