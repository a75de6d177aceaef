// swift-tools-version: 6.2
import PackageDescription

// A package of its own: whoever uses the library does not fetch what measures it.
let package = Package(
    name: "pgsluice-micro",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "pgsluice", path: "../.."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Codec",
            dependencies: [
                .product(name: "SluiceCodec", package: "pgsluice"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Codec",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
