// swift-tools-version: 6.2
import PackageDescription

// A released library must not break its users' builds on a new compiler's warning,
// so warnings are errors in CI only.
let warningsAreErrors = Context.environment["PGSLUICE_WARNINGS_AS_ERRORS"] == "1"

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "pgsluice",
    products: [
        .library(name: "Sluice", targets: ["Sluice"]),
        // The dialect's values, which a configuration holds.
        .library(name: "SluiceCodec", targets: ["SluiceCodec"]),
        .executable(name: "pgsluice", targets: ["pgsluice"]),
        // No interface for users: what Benchmarks/Micro measures. It may change at any time.
        .library(name: "_SluiceCodec", targets: ["SluiceCore", "SluiceCodec"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibpq", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]),
        .target(name: "CSluiceSystem"),
        .target(name: "CKernels"),
        .target(name: "SluiceCore", dependencies: ["CSluiceSystem"], swiftSettings: settings),
        .target(
            name: "SluiceCodec", dependencies: ["SluiceCore", "CKernels"], swiftSettings: settings),
        .target(
            name: "SluiceSource", dependencies: ["SluiceCore", "CSluiceSystem"],
            swiftSettings: settings),
        .target(
            name: "SluicePostgres", dependencies: ["SluiceCore", "CLibpq"],
            swiftSettings: settings),
        .target(
            name: "Sluice",
            dependencies: [
                "SluiceCore", "SluiceCodec", "SluiceSource", "SluicePostgres", logging,
            ],
            // A link into sql/ledger: the program carries what a DBA may run.
            resources: [.embedInCode("Ledger/Migrations/001_ledger.sql")],
            swiftSettings: settings),
        .executableTarget(
            name: "pgsluice",
            dependencies: [
                "Sluice", "SluiceCore", "SluiceCodec", "SluicePostgres", argumentParser, logging,
            ],
            swiftSettings: settings),
        .target(
            name: "SluiceTestSupport", dependencies: ["SluiceCore"], path: "Tests/Support",
            swiftSettings: settings),
        .testTarget(
            name: "OracleTests", dependencies: ["SluiceTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "SluiceCodecTests",
            dependencies: ["SluiceCodec", "CKernels", "SluiceTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SluiceCoreTests", dependencies: ["SluiceCore", "SluiceTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SluiceSourceTests",
            dependencies: ["SluiceSource", "SluiceCore", "SluiceTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "EncoderTests",
            dependencies: ["SluiceCodec", "SluicePostgres", "SluiceTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SluiceTests",
            dependencies: [
                "Sluice", "SluiceCodec", "SluiceCore", "SluicePostgres", "SluiceTestSupport",
                logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SluicePostgresTests", dependencies: ["SluicePostgres", "SluiceTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "DifferentialTests",
            dependencies: [
                "Sluice", "SluiceCodec", "SluiceCore", "SluicePostgres", "SluiceTestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CommandTests",
            dependencies: ["Sluice", "SluiceCore", "pgsluice", "SluiceTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "FaultTests", dependencies: ["SluicePostgres", "pgsluice", "SluiceTestSupport"],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
