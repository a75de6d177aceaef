// swift-tools-version: 6.2
import PackageDescription

let warningsAreErrors = Context.environment["PGSLUICE_WARNINGS_AS_ERRORS"] == "1"

// Apart from the product, so that who builds or uses that need not fetch what measures it.
let package = Package(
    name: "MicroBenchmarks",
    dependencies: [
        .package(name: "pgsluice", path: "../.."),
        // Without jemalloc: allocations are not what is measured.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "MicroBenchmarks",
            dependencies: [
                .product(name: "_SluiceCodec", package: "pgsluice"),
                .product(name: "Sluice", package: "pgsluice"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            // The plugin finds benchmarks by their folder's name.
            path: "Benchmarks/MicroBenchmarks",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : []),
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
