import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("The first line")
struct HeaderTests {
    @Test("leaves out the least important first, at every width", arguments: [40, 60, 70, 80, 100, 120, 160])
    func ranks(width: Int) throws {
        var console = Fixture(nodes: 5, width: width, height: 24)
        console.cluster.silence(3, .killed)
        console.run(40)
        var snapshot = console.cluster.snapshot()
        snapshot.lost = 12_345
        console.feed.take(snapshot)
        console.type(":readonly on")
        console.press(.enter)
        let line = try #require(console.lines.first)
        #expect(line.count <= width)
        if line.contains("env/s") { #expect(line.contains("lost 12345") && line.contains("view")) }
        // A person who presses K must see why nothing happens.
        if width >= 80 { #expect(line.contains("READ-ONLY")) }
    }
}
