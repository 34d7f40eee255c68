import CastyScenario
import CastyTestbed

/// One part of the tour: a scenario whose notes explain it.
struct Mission: Sendable {
    var number: Int
    /// The name of its file.
    var file: String
    /// The scenario. It is part of the program, so that the tour needs no file.
    var text: String

    /// All of them, in order.
    static let all: [Mission] = [
        Mission(number: 1, file: "1-first-cluster.casty", text: MissionTexts.firstCluster),
        Mission(number: 2, file: "2-a-node-dies.casty", text: MissionTexts.nodeDies),
        Mission(number: 3, file: "3-frozen-is-not-dead.casty", text: MissionTexts.frozenIsNotDead),
        Mission(number: 4, file: "4-split-brain.casty", text: MissionTexts.splitBrain),
        Mission(number: 5, file: "5-shards-move.casty", text: MissionTexts.shardsMove),
    ]

    var scenario: Scenario {
        get throws { try Scenario.parse(text, file: file) }
    }

    /// The run that a console shows.
    ///
    /// - Parameter pausing: Whether time stands still at each note until the user goes on.
    func plan(pausing: Bool) throws -> ConsolePlan {
        let scenario = try scenario
        var plan = ConsolePlan(
            settings: TestClusterSettings(scenario), header: scenario.header,
            nodes: scenario.header.nodes ?? Scenario.defaultNodes,
            seed: scenario.header.seed ?? 1, script: scenario.body)
        plan.title = "Tour \(number) of \(Self.all.count): \(name)"
        plan.pausesAtNotes = pausing
        plan.closing = closing
        return plan
    }

    /// The first line of the text: what it is called, and what happens.
    var title: String { text.split(separator: "\n").first.map { String($0.drop { "# ".contains($0) }) } ?? file }

    /// What it is called.
    var name: String { String(title.prefix { $0 != ":" }) }

    /// What happens in it.
    var story: String { String(title.drop { $0 != ":" }.dropFirst(2)) }

    /// The last words on the screen; the keys are those in use.
    var closing: String {
        let next = Self.all.first { $0.number == number + 1 }
        let more = next.map { "; then go on with casty tour \($0.number), \($0.name.lowercased())" } ?? ""
        return "The mission is over. Time goes on, and the cluster is yours: {help} shows the keys, {kill} kills a "
            + "node, {back} turns back time. {quit} leaves\(more)."
    }

    /// The list to choose from, one line each.
    static var list: [String] {
        let width = all.map(\.name.count).max() ?? 0
        return all.map { mission in
            let gap = String(repeating: " ", count: width - mission.name.count)
            return "  \(mission.number)  \(mission.name)\(gap)   \(mission.story)"
        }
    }

    /// The mission that a line of input means; `nil` if there is none.
    static func chosen(_ line: String) -> Mission? {
        let word = line.filter { !$0.isWhitespace }
        return all.first { String($0.number) == word }
    }
}
