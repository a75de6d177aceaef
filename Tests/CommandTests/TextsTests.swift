import Testing
import pgsluice

@Suite struct TextsTests {
    @Test func `digits are grouped by thousands`() {
        #expect([0, 999, 1000, 1_180_000, -12345].map(grouped) == ["0", "999", "1,000", "1,180,000", "-12,345"])
    }
}
