import ArgumentParser

/// How a verb prints.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON, in a form that is documented and stays.")
    var isJSON = false
}
