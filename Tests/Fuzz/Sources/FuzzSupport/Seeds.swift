import Foundation

/// Writes a target's first inputs and ends, where `PGSLUICE_FUZZ_SEEDS` names a folder for them.
///
/// - Parameter make: an input from a random number; nil: none comes of it.
package func writeSeeds(_ make: (inout SeededRandom) -> [UInt8]?) {
    guard let folder = ProcessInfo.processInfo.environment["PGSLUICE_FUZZ_SEEDS"] else { return }
    var random = SeededRandom(seed: 20_261_122)
    for number in 0..<2_000 {
        guard let seed = make(&random), seed.count <= 4_096 else { continue }
        let file = URL(fileURLWithPath: folder).appendingPathComponent("seed-\(number)")
        try! Data(seed).write(to: file)  // Without its seeds a run is not worth its time.
    }
    exit(0)
}
