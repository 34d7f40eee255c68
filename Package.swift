// swift-tools-version: 6.2
import PackageDescription

// The layers: a target imports only targets of the layers below its own. `.ci/layers` compares every import with a
// table, because the compiler does not refuse a transitive one.

let realModule = Target.Dependency.product(name: "RealModule", package: "swift-numerics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let inMemoryTracing = Target.Dependency.product(name: "InMemoryTracing", package: "swift-distributed-tracing")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

// What a cluster in one process is made of.
let cluster: [Target.Dependency] = [
    "CastySimulator", "CastyScenario", "CastySharding", "CastyCluster", "CastyLive", "CastyRemoting", "CastyActors",
    "CastyObservability", "CastyPlacement", "CastyMembership", "CastySerialization", "CastyCore", nioCore,
]

let targets: [Target] = [
    // Layer 0: values that everything uses, and what a node reaches of the world outside it.
    library("CastyCore", [nioCore]),
    tests("CastyCoreTests", ["CastyCore", "CastyPlacement"]),

    // What several test targets need.
    .target(
        name: "CastyTestSupport", dependencies: ["CastyCore"], path: "Tests/CastyTestSupport",
        swiftSettings: settings),

    // Layer 1: pure cores, and bytes.
    library("CastyMembership", ["CastyCore", realModule]),
    tests("CastyMembershipTests", ["CastyMembership", "CastyCore"]),
    library("CastyPlacement", ["CastyCore"]),
    tests("CastyPlacementTests", ["CastyPlacement", "CastyCore"]),
    // The instruction of the processor for checksums.
    .target(name: "CChecksum"),
    library("CastySerialization", ["CChecksum", "CastyCore", nioCore]),
    tests("CastySerializationTests", ["CastySerialization", "CastyTestSupport", "CastyCore", nioCore]),

    // Layer 2: what is observed, the scenario language, actors.
    library("CastyObservability", ["CastyCore"]),
    tests("CastyObservabilityTests", ["CastyReporting", "CastyObservability", "CastyCore"]),
    // The words of events in JSON: checkers do not import it.
    library("CastyReporting", ["CastyObservability", "CastyCore"]),
    library("CastyScenario", ["CastyObservability", "CastyCore"]),
    tests("CastyScenarioTests", ["CastyScenario", "CastyObservability", "CastyCore"]),
    library("CastyActors", ["CastyCore", "CastySerialization", "CastyObservability", logging]),
    tests(
        "CastyActorsTests", ["CastyActors", "CastyObservability", "CastySerialization", "CastyCore", nioCore, logging]),

    // Layer 3: between nodes.
    library(
        "CastyRemoting", ["CastyActors", "CastyObservability", "CastySerialization", "CastyCore", nioCore, logging]),
    tests(
        "CastyRemotingTests",
        [
            "CastyRemoting", "CastyActors", "CastyObservability", "CastySerialization", "CastyCore", "CastySimulator",
            "CastyLive", "CastyTestSupport", nioCore, nioPosix,
        ]),
    library(
        "CastyCluster",
        [
            "CastyRemoting", "CastyActors", "CastyObservability", "CastyMembership", "CastySerialization", "CastyCore",
            nioCore, logging,
        ]),
    tests(
        "CastyClusterTests",
        ["CastyCluster", "CastyMembership", "CastySerialization", "CastyCore", nioCore]),

    // Layer 4: sharding.
    library(
        "CastySharding",
        [
            "CastyCluster", "CastyRemoting", "CastyActors", "CastyObservability", "CastyPlacement", "CastyMembership",
            "CastySerialization", "CastyCore", nioCore, logging,
        ]),
    tests(
        "CastyShardingTests",
        [
            "CastySharding", "CastyCluster", "CastyRemoting", "CastySimulator", "CastyActors", "CastyObservability",
            "CastyPlacement", "CastySerialization", "CastyStoreConformance", "CastyCore",
            nioCore,
        ]),

    // What a store promises, as checks for those of this package and of its users.
    library("CastyStoreConformance", ["CastySharding", "CastyCluster", "CastyCore"]),
    tests(
        "CastyStoreConformanceTests",
        ["CastyStoreConformance", "Casty", "CastySharding", "CastyCluster", "CastyCore"]),

    // Layer 5: the two runtimes, and stores.
    // Service records; `getaddrinfo` looks up addresses only.
    .target(name: "CResolver", linkerSettings: [.linkedLibrary("resolv")]),
    library("CastyLive", ["CResolver", "CastyCore", nioCore, nioPosix]),
    library("CastySimulator", ["CastyCore", nioCore]),
    tests(
        "CastySimulatorTests",
        [
            "CastySimulator", "CastyRemoting", "CastyActors", "CastyObservability", "CastySerialization", "CastyCore",
            nioCore,
        ]
    ),

    library(
        "CastySQLite",
        ["CastySharding", "CastyCluster", "CastyPlacement", "CastySerialization", "CastyCore", grdb, sqlite]),
    // A process that the tests kill while it writes.
    .executableTarget(
        name: "StoreWriter", dependencies: ["CastySQLite", "CastySharding", "CastyCore"], path: "Tests/StoreWriter",
        swiftSettings: settings),
    // Files that a test lets crash at a chosen write.
    .target(
        name: "CCrashingFiles", path: "Tests/CCrashingFiles", linkerSettings: [.linkedLibrary("sqlite3")]),
    tests(
        "CastySQLiteTests",
        [
            "CastySQLite", "CCrashingFiles", "StoreWriter", "CastyStoreConformance", "CastySharding", "CastyCluster",
            "CastyPlacement",
            "CastyCore", grdb,
        ]),

    // PostgreSQL's client library, which is opened at run time: a process without a store there does not load it.
    .target(name: "CPostgres", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    library(
        "CastyPostgres",
        ["CPostgres", "CastySharding", "CastyCluster", "CastyPlacement", "CastyMembership", "CastyCore"]),
    tests(
        "CastyPostgresTests",
        [
            "CastyPostgres", "CastyStoreConformance", "CastySharding", "CastyCluster", "CastyPlacement",
            "CastyMembership",
            "CastyCore",
        ]),

    // Layer 6: the library a user imports.
    library(
        "Casty",
        [
            "CastyCore", "CastySerialization", "CastyActors", "CastyRemoting", "CastyMembership", "CastyPlacement",
            "CastyCluster", "CastySharding", "CastyLive", "CastyObservability", coreMetrics, logging,
            serviceLifecycle, tracing,
        ]),
    // TLS, by certificates or a shared secret: nothing but this target needs the library.
    library("CastyTLS", ["Casty", "CastyLive", "CastyCore", logging, nioCore, nioSSL]),
    tests(
        "CastyTLSTests",
        [
            "CastyTLS", "Casty", "CastySharding", "CastyCluster", "CastyRemoting", "CastyActors", "CastyLive",
            "CastySerialization", "CastyCore",
            logging, nioCore,
        ]),
    // For programs that are no nodes.
    library(
        "CastyClient",
        [
            "Casty", "CastySharding", "CastyRemoting", "CastyActors", "CastyLive", "CastySerialization", "CastyCore",
            serviceLifecycle,
        ]),
    tests("CastyClientTests", ["CastyClient", "CastyTLS", "Casty", "CastySharding", serviceLifecycle, logging]),
    // A console written with the library alone, which the tests run.
    .executableTarget(
        name: "ClusterViewer", dependencies: ["Casty"], path: "Tests/ClusterViewer", swiftSettings: settings),
    tests(
        "CastyTests",
        [
            "Casty", "CastyClient", "CastyLive", "CastyManagement", "CastyPostgres", "CastySQLite", "CastyTLS",
            "ClusterViewer", "CastyObservability", coreMetrics,
            serviceLifecycle,
            unixSignals, tracing, inMemoryTracing,
            logging, nioCore,
        ]),

    // A node over HTTP: only its users compile NIOHTTP1.
    library(
        "CastyManagement",
        [
            "Casty", "CastyLive", "CastySharding", "CastyCluster", "CastyActors",
            "CastyObservability",
            "CastyCore",
            coreMetrics, logging, nioCore, nioHTTP1, nioPosix, serviceLifecycle,
        ]),
    tests(
        "CastyManagementTests", ["CastyManagement", "Casty", "CastyCore", coreMetrics, nioCore, nioPosix]),

    // Layer 7: clusters in one process, live or simulated.
    library(
        "CastyTestbed",
        [
            "CastySimulator", "CastyScenario", "CastySharding", "CastyCluster", "CastyLive", "CastyRemoting",
            "CastyActors", "CastyReporting", "CastyObservability", "CastyPlacement", "CastyMembership",
            "CastySerialization",
            "CastyCore", logging,
        ]),
    tests(
        "CastyLiveTests",
        [
            "CastyLive", "CastyTestbed", "CastyActors", "CastyObservability", "CastySerialization", "CastyCore",
            nioCore, nioPosix, logging,
        ]),
    tests(
        "CastyTestbedTests", ["CastyTestbed", "CastyInvariants", "CastyReporting", "CastyStoreConformance"] + cluster),

    // Layer 8: rules, exploration, measurements, the console.
    library("CastyInvariants", ["CastyTestbed"] + cluster),
    tests(
        "CastyInvariantsTests",
        ["CastyInvariants", "CastyBenchmarks", "CastyTestbed", "CastyReporting", "Casty"] + cluster),
    library(
        "CastyBenchmarks",
        ["CastyConsole", "CastyInvariants", "CastyTestbed", "CastyReporting", logging, histogram] + cluster),
    tests(
        "CastyBenchmarksTests",
        [
            "CastyBenchmarks", "CastyConsole", "CastyInvariants", "CastyTestbed", "CastySharding", "CastyCluster",
            "CastyMembership",
            "CastyReporting", "CastyScenario", "CastyObservability", "CastyCore",
        ]),
    library(
        "CastyConsole",
        [
            "CastyPlacement", "CastyReporting", "CastyObservability", "CastyScenario", "CastySerialization",
            "CastyCore",
        ]),
    tests("CastyConsoleTests", ["CastyConsole", "CastyPlacement", "CastyObservability", "CastyScenario", "CastyCore"]),
    .target(
        name: "CNCurses",
        cSettings: [.define("NCURSES_WIDECHAR", to: "1"), .define("_GNU_SOURCE")],
        linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    library("CastyTerminal", ["CNCurses", "CastyConsole", "CastyObservability"]),

    // Layer 9: the executable.
    .target(name: "CProcess"),
    .executableTarget(
        name: "CastyCommand",
        dependencies: [
            "CProcess", "CastyTerminal", "CastyConsole", "CastyBenchmarks", "CastyInvariants", "CastyTestbed", "Casty",
            "CastyClient", "CastyManagement", "CastyTLS", "CastyPostgres", "CastySQLite", "CastySimulator",
            "CastyScenario", "CastySharding", "CastyCluster", "CastyLive", "CastyRemoting", "CastyActors",
            "CastyReporting", "CastyObservability", "CastyPlacement", "CastyMembership", "CastySerialization",
            "CastyCore",
            argumentParser, logging, nioCore,
        ],
        swiftSettings: settings),
    tests(
        "CastyCommandTests",
        [
            "CastyCommand", "CastyConsole", "CastyCluster", "CastyActors", "CastyInvariants", "CastyTestbed",
            "CastyLive", "CastyScenario", "CastySQLite", "CastySharding", "CastyObservability", "CastySerialization",
            "CastyCore", nioCore, argumentParser,
        ]),
]

// The thread sanitizer is told with CASTY_TESTS which tests it runs, and compiles what they need only.
let chosen = Context.environment["CASTY_TESTS"]?.split(separator: " ").map(String.init)
let isBuilt: (Target) -> Bool = { $0.type != .test || chosen?.contains($0.name) ?? true }

let package = Package(
    name: "casty",
    products: [
        .library(name: "Casty", targets: ["Casty"]),
        .library(name: "CastyClient", targets: ["CastyClient"]),
        .library(name: "CastyManagement", targets: ["CastyManagement"]),
        .library(name: "CastyPostgres", targets: ["CastyPostgres"]),
        .library(name: "CastySQLite", targets: ["CastySQLite"]),
        .library(name: "CastyStoreConformance", targets: ["CastyStoreConformance"]),
        .library(name: "CastyTLS", targets: ["CastyTLS"]),
        .executable(name: "casty", targets: ["CastyCommand"]),
    ],
    traits: [
        .trait(name: "Mutations", description: "Compiles in the deliberate bugs that show that the checkers see them.")
    ],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: targets.filter(isBuilt)
)
