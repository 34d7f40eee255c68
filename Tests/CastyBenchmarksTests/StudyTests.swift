import CastyBenchmarks
import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Foundation
import Testing

/// Small versions of what `casty bench` measures over many seeds.
@Suite("Studies of the membership")
struct StudyTests {
    @Test(
        "a node that dies is noticed in two seconds, by everyone in three, at up to 5 % loss",
        arguments: [UInt64(1), 2])
    func detection(seed: UInt64) throws {
        let study = DetectionStudy(nodes: 4, loss: 0.05)
        let course = try study.inject(seed: seed)
        #expect(course.first <= .seconds(2), "casty bench detection --from \(seed)")
        #expect(course.all <= .seconds(3), "casty bench detection --from \(seed)")
        #expect(course.first >= .seconds(1))
    }

    @Test("without faults no member is declared dead, though the network delays and loses")
    func quiet() throws {
        let alarms = try DetectionStudy(loss: 0.05).quiet(seed: 1, for: .seconds(30))
        #expect(alarms.nodeHours > 0.04)
        #expect(alarms.removals == 0)
    }

    @Test("over links of 200 to 300 ms that lose 1 %, the preset wan raises no false alarm, and responsive does")
    func farApart() throws {
        var impatient = DetectionStudy.Alarms()
        for seed in UInt64(1)...4 {
            let study = DetectionStudy(farApart: 5, settings: .wan)
            let alarms = try study.quiet(seed: seed, for: .seconds(600))
            #expect(alarms.nodeHours > 0.8)
            #expect(alarms.suspicions == 0, "seed \(seed)")
            #expect(alarms.marks == 0, "seed \(seed)")
            #expect(alarms.removals == 0, "seed \(seed)")
            let other = DetectionStudy(farApart: 5, settings: .responsive)
            impatient = impatient + (try other.quiet(seed: seed, for: .seconds(60)))
        }
        #expect(impatient.suspicions + impatient.marks > 0)
    }

    @Test(
        "the keys of a dead node answer within 5 s with the preset responsive, and within 12 s with lan",
        arguments: [(Preset.responsive, 5.0), (.lan, 12)], [UInt64(1), 2])
    func outage(_ bound: (preset: Preset, seconds: Double), seed: UInt64) throws {
        for nodes in [3, 5] {
            let study = try OutageStudy.run(bound.preset, nodes: nodes, seed: seed)
            #expect(study.answering <= .seconds(bound.seconds), "\(study), seed \(seed)")
            #expect(study.noticed < study.removed && study.removed <= study.answering)
        }
    }

    @Test("the table of the page about timings is what the command prints", arguments: Preset.allCases)
    func table(preset: Preset) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let page = folder.deletingLastPathComponent().appending(path: "Sources/Casty/Casty.docc/ChoosingTimings.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        #expect(lines.contains { $0 == OutageRow.heading.prefix { $0 != "\n" } })
        for row in OutageRow.all where row.preset == preset {
            let start = "| \(preset.rawValue) | \(row.nodes) |"
            let printed = try #require(lines.first { $0.hasPrefix(start) }, "the page has no line for \(start)")
            guard row.nodes <= 10 else { continue }
            let seeds = 1...OutageRow.seeds(row.nodes)
            let measured = try OutageRow.measure(preset, nodes: row.nodes, seeds: seeds).line
            #expect(printed == measured, "casty bench outages --table")
        }
    }

    @Test(
        "a cluster that was cut in two is one again ten seconds after the cut is healed",
        arguments: HealStudy.Cut.allCases)
    func heal(cut: HealStudy.Cut) throws {
        let study = HealStudy(nodes: 10, cut: cut)
        #expect(try study.run(seed: 1) <= .seconds(10))
    }

    @Test("nodes that come and go leave nothing in the shared state once they are forgotten")
    func churn() throws {
        let study = try ChurnStudy.run(cycles: 6, tombstones: .seconds(20))
        #expect(study.samples.count == 6)
        #expect(study.samples.contains { $0.tombstones > 2 })
        #expect(study.samples.allSatisfy { $0.bytes <= $0.bound })
        #expect(study.after.tombstones == 0)
        #expect(study.after.members == study.before.members)
        #expect(study.after.bytes <= study.before.bytes + 8 * study.before.members)
    }

    @Test("thirty nodes become one cluster, with a few messages a change for each")
    func scale() throws {
        let study = try ScaleStudy.formation(of: 30)
        #expect(study.formed < .seconds(2))
        #expect(study.traffic.gossips < 30 * 30 * 3)
    }

    @Test(
        "a cluster recovers, whichever node is killed, and whenever",
        arguments: [RecoveryStory.joining, .leaving, .freeze])
    func recovery(story: RecoveryStory) throws {
        let finding = try story.run(seed: 1)
        #expect(
            finding.failure == nil, "casty bench 'recovery: \(story.rawValue)' --from 1: \(finding.failure?.json ?? "")"
        )
    }
}
