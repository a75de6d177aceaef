/// When an import began, by the clock on the wall and by the one that never jumps.
struct ReportStart: Sendable {
    let time = WallTime.now
    private let instant = ContinuousClock.now

    var elapsed: Duration { ContinuousClock.now - instant }
}
