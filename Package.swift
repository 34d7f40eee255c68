// swift-tools-version: 6.2
import PackageDescription

// The floors of the house: a target imports only targets declared before it. `.ci/layers` compares every import
// with this list, because the compiler does not refuse a transitive one.

let realModule = Target.Dependency.product(name: "RealModule", package: "swift-numerics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
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

let targets: [Target] = [
    // Floor 0: values everything speaks of.
    library("CastyPrimitives"),
    tests("CastyPrimitivesTests", ["CastyPrimitives"]),

    // Floor 1: pure cores.
    library("CastyMembership", ["CastyPrimitives", realModule]),
    tests("CastyMembershipTests", ["CastyMembership", "CastyPrimitives"]),
    library("CastyPlacement", ["CastyPrimitives"]),
    tests("CastyPlacementTests", ["CastyPlacement", "CastyPrimitives"]),
    library("CastyWire", ["CastyPrimitives", nioCore]),
    tests("CastyWireTests", ["CastyWire", "CastyPrimitives", nioCore]),

    // Floor 2: what is seen, what is said, what acts.
    library("CastyInspection", ["CastyPrimitives"]),
    tests("CastyInspectionTests", ["CastyInspection", "CastyPrimitives"]),
    library("CastyScenario", ["CastyInspection", "CastyPrimitives"]),
    tests("CastyScenarioTests", ["CastyScenario", "CastyInspection", "CastyPrimitives"]),
    library("CastyActors", ["CastyPrimitives", "CastyWire", "CastyInspection", nioCore, logging]),
    tests("CastyActorsTests", ["CastyActors", "CastyInspection", "CastyWire", "CastyPrimitives", nioCore, logging]),

    // Floor 3: between nodes.
    library("CastyRemoting", ["CastyActors", "CastyInspection", "CastyWire", "CastyPrimitives", nioCore, logging]),
    tests(
        "CastyRemotingTests",
        [
            "CastyRemoting", "CastyActors", "CastyInspection", "CastyWire", "CastyPrimitives", "CastySimulation",
            "CastyTCP", nioCore, nioPosix,
        ]),
    library(
        "CastyCluster",
        [
            "CastyRemoting", "CastyActors", "CastyInspection", "CastyMembership", "CastyWire", "CastyPrimitives",
            nioCore, logging,
        ]),
    tests(
        "CastyClusterTests",
        ["CastyCluster", "CastyMembership", "CastyWire", "CastyPrimitives", nioCore]),

    // Floor 4: sharding.
    library(
        "CastySharding",
        [
            "CastyCluster", "CastyRemoting", "CastyActors", "CastyInspection", "CastyPlacement", "CastyMembership",
            "CastyWire", "CastyPrimitives", nioCore, logging,
        ]),
    tests(
        "CastyShardingTests",
        ["CastySharding", "CastyPlacement", "CastyWire", "CastyPrimitives", nioCore]),

    // Floor 5: worlds and stores.
    library("CastyTCP", ["CastyActors", "CastyPrimitives", nioCore, nioPosix]),
    library(
        "CastySimulation", ["CastyActors", "CastyPrimitives", nioCore]),
    tests(
        "CastySimulationTests",
        ["CastySimulation", "CastyRemoting", "CastyActors", "CastyInspection", "CastyWire", "CastyPrimitives", nioCore]
    ),

    library("CastySQLite", ["CastySharding", "CastyCluster", "CastyWire", "CastyPrimitives", grdb]),
    // A process that the tests kill while it writes.
    .executableTarget(
        name: "StoreWriter", dependencies: ["CastySQLite"], path: "Tests/StoreWriter", swiftSettings: settings),
    tests(
        "CastySQLiteTests",
        ["CastySQLite", "StoreWriter", "CastySharding", "CastyCluster", "CastyPrimitives", grdb]),

    // Floor 6: the library a user imports, and the laboratory.
    library(
        "Casty",
        [
            "CastyPrimitives", "CastyInspection", "CastyWire", "CastyActors", "CastyRemoting", "CastyMembership",
            "CastyPlacement",
            "CastyCluster", "CastySharding", "CastyTCP", logging,
        ]),
    // What several test targets need.
    .target(
        name: "CastyTestSupport", dependencies: ["CastyPrimitives"], path: "Tests/CastyTestSupport",
        swiftSettings: settings),
    tests("CastyTests", ["Casty", "CastyInspection", "CastyTestSupport"]),
    library(
        "CastyLab",
        [
            "Casty", "CastySimulation", "CastyScenario", "CastySharding", "CastyCluster", "CastyTCP", "CastyRemoting",
            "CastyActors", "CastyInspection", "CastyPlacement", "CastyMembership", "CastyWire", "CastyPrimitives",
            logging,
        ]),
    tests(
        "CastyLabTests",
        [
            "CastyLab", "CastyScenario", "CastySharding", "CastyCluster", "CastySimulation", "CastyTCP",
            "CastyRemoting",
            "CastyActors", "CastyInspection", "CastyPlacement", "CastyMembership", "CastyWire", "CastyPrimitives",
            "CastyTestSupport", nioCore, nioPosix,
        ]),

    // Floor 7: the console.
    library("CastyConsole", ["CastyInspection", "CastyScenario", "CastyPrimitives"]),
    tests("CastyConsoleTests", ["CastyConsole", "CastyInspection", "CastyScenario", "CastyPrimitives"]),
    .target(
        name: "CNCurses",
        cSettings: [.define("NCURSES_WIDECHAR", to: "1"), .define("_GNU_SOURCE")],
        linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    library("CastyTerminal", ["CNCurses", "CastyConsole", "CastyInspection"]),

    // Floor 8: the executable.
    .target(name: "CProcess"),
    .executableTarget(
        name: "CastyCommand",
        dependencies: [
            "CProcess", "CastyTerminal", "CastyConsole", "CastyLab", "Casty", "CastySQLite", "CastySimulation",
            "CastyScenario",
            "CastySharding",
            "CastyCluster", "CastyTCP", "CastyRemoting", "CastyActors", "CastyInspection", "CastyPlacement",
            "CastyMembership", "CastyWire", "CastyPrimitives", argumentParser, logging,
        ],
        swiftSettings: settings),
    tests("CastyCommandTests", ["CastyCommand"]),
]

// The thread sanitizer is told with CASTY_TESTS which tests it runs, and compiles what they need only.
let chosen = Context.environment["CASTY_TESTS"]?.split(separator: " ").map(String.init)
let isBuilt: (Target) -> Bool = { $0.type != .test || chosen?.contains($0.name) ?? true }

let package = Package(
    name: "casty",
    products: [
        .library(name: "Casty", targets: ["Casty"]),
        .library(name: "CastySQLite", targets: ["CastySQLite"]),
        .library(name: "CastySimulation", targets: ["CastySimulation"]),
        .executable(name: "casty", targets: ["CastyCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: targets.filter(isBuilt)
)
