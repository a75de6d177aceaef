// swift-tools-version: 6.2
import PackageDescription

let warningsAreErrors = Context.environment["PGSLUICE_WARNINGS_AS_ERRORS"] == "1"

let settings: [SwiftSetting] =
    [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")]
    + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

// Their main is libFuzzer's: they link only with --sanitize=fuzzer, and so not in the root package.
func fuzzer(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["FuzzSupport", .product(name: "_SluiceCodec", package: "pgsluice")],
        swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "pgsluice", path: "../..")],
    targets: [
        .target(
            name: "FuzzSupport",
            dependencies: [.product(name: "_SluiceCodec", package: "pgsluice")],
            swiftSettings: settings),
        fuzzer("ScanFuzz"), fuzzer("TextFuzz"), fuzzer("BinaryFuzz"),
    ],
    swiftLanguageModes: [.v6]
)
