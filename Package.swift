// swift-tools-version: 6.2
import PackageDescription

var settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
if Context.environment["WHERRY_WARNINGS_ARE_ERRORS"] != nil {
    settings.append(.treatAllWarnings(as: .error))
}

/// Targets in the order of the layers: each may use only those above it (Docs/architecture.md).
let package = Package(
    name: "wherry",
    products: [
        .executable(name: "wherry", targets: ["wherry"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CRabbitMQ",
            pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev", "libssl-dev"])]
        ),
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(
            name: "AMQP",
            dependencies: [
                "COpenSSL", "CRabbitMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(name: "CareRecord", swiftSettings: settings),
        .target(name: "Replication", dependencies: ["AMQP", "CareRecord"], swiftSettings: settings),
        .target(name: "Simulation", dependencies: ["AMQP", "CareRecord", "Replication"], swiftSettings: settings),
        .target(
            name: "Storage",
            dependencies: [
                "AMQP", "CareRecord", "Replication",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Topology",
            dependencies: [
                "AMQP", "CareRecord", "Replication", "Yams",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Keys",
            dependencies: [
                "AMQP", "CareRecord", "Topology",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Worker",
            dependencies: [
                "AMQP", "CareRecord", "Replication", "Storage", "Topology", "Keys",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "AMQP", "CareRecord", "Replication", "Storage", "Topology", "Keys", "Worker",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "LoadTest",
            dependencies: [
                "AMQP", "CareRecord", "Replication", "Storage", "Topology", "Yams",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "wherry",
            dependencies: [
                "AMQP", "CareRecord", "Replication", "Simulation", "Storage", "Topology", "Keys", "Worker", "Gateway",
                "LoadTest",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: ["AMQP", "CareRecord", "Keys", "LoadTest", "Replication", "Topology"],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "AMQPTests",
            dependencies: ["AMQP", "Keys", "LoadTest", "TestSupport", .product(name: "Logging", package: "swift-log")],
            swiftSettings: settings
        ),
        .testTarget(name: "CareRecordTests", dependencies: ["CareRecord"], swiftSettings: settings),
        .testTarget(
            name: "ReplicationTests",
            dependencies: ["AMQP", "CareRecord", "LoadTest", "Replication", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: ["AMQP", "CareRecord", "LoadTest", "Replication", "Storage", "TestSupport"],
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TopologyTests",
            dependencies: ["Topology", "LoadTest", "TestSupport", .product(name: "Logging", package: "swift-log")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "KeysTests", dependencies: ["AMQP", "CareRecord", "Keys", "LoadTest", "TestSupport", "Topology"],
            swiftSettings: settings),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Keys", "Worker", "LoadTest", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["Accounts/intruder.py", "contract.py", "dead_letters.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "LoadTest", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["fhir_client.py"],
            swiftSettings: settings
        ),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: settings),
        .testTarget(
            name: "LoadTestTests",
            dependencies: [
                "wherry", "AMQP", "CareRecord", "LoadTest", "Replication", "Storage", "TestSupport", "Topology",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WherryTests", dependencies: ["wherry", "Keys", "LoadTest", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "wherry", "AMQP", "CareRecord", "Replication", "LoadTest", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "HouseTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
