import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("What the console remembers")
struct HistoryTests {
    @Test("phi is kept a value each quarter second, and the worst of each counts")
    func phi() {
        var console = Fixture(nodes: 2)
        console.run(10)
        console.cluster.silence(2, .frozen)
        console.run(40)
        let values = console.feed.phi.values(observer: "n1", subject: "n2", count: 30)
        #expect(values.count == 30)
        #expect(values[0].isNaN)
        let last = values.suffix(6)
        #expect(zip(last, last.dropFirst()).allSatisfy { $0 < $1 })
        #expect(values[29] > 8)
    }

    @Test("when time is turned back, what lay ahead is forgotten")
    func rewind() {
        var console = Fixture(nodes: 2)
        console.run(20)
        var past = console.cluster
        past.now = .start
        console.cluster.silence(2, .killed)
        console.run(30)
        #expect(console.feed.log.events.contains { $0.kind == .nodeKilled })
        console.feed.take(past.snapshot())
        #expect(!console.feed.log.events.contains { $0.kind == .nodeKilled })
    }

    @Test("what several nodes see of one member is one line with all that saw it")
    func together() {
        var log = EventLog()
        func event(_ node: String, _ kind: EventKind, _ seconds: Int64) -> RuntimeEvent {
            RuntimeEvent(
                time: Instant(nanoseconds: seconds * 1_000_000_000), id: EventID(node: node, number: UInt64(seconds)),
                kind: kind, subject: "n3")
        }
        log.append([
            event("n1", .memberUnreachable, 1), event("n2", .memberUnreachable, 2), event("n1", .memberDown, 3),
            event("n2", .memberUnreachable, 9),
        ])
        #expect(log.entries.map(\.number) == [0, 2, 3])
        #expect(log.group(of: 0).observers == ["n1", "n2"])
    }

    @Test("a suspicion is traced to the fault that a person injected, until it is mended")
    func actualCause() {
        var log = EventLog()
        func event(_ node: String, _ number: UInt64, _ kind: EventKind, _ subject: String?) -> RuntimeEvent {
            RuntimeEvent(
                time: Instant(nanoseconds: Int64(number) * 1_000_000_000), id: EventID(node: node, number: number),
                kind: kind, subject: subject)
        }
        let first = event("n1", 2, .suspected, "n3")
        let second = event("n1", 4, .suspected, "n3")
        let third = event("n1", 6, .suspected, "n2")
        log.append([
            event(EventID.testbed, 1, .nodeFrozen, "n3"), first, event(EventID.testbed, 3, .nodeThawed, "n3"), second,
            event(EventID.testbed, 5, .cut, nil), third,
        ])
        #expect(log.actualCause(behind: first)?.kind == .nodeFrozen)
        #expect(log.actualCause(behind: second) == nil)
        #expect(EventWords(first, log, .english).cause == "you: freeze n3 1.0")
        #expect(EventWords(third, log, .english).cause == "you: cut 5.0")
    }

    @Test("shards that are allocated together are one line")
    func shardsTogether() {
        var log = EventLog()
        for shard in 0..<24 {
            log.append([
                RuntimeEvent(
                    time: .start, id: EventID(node: "n1", number: UInt64(shard + 1)), kind: .shardAllocated,
                    shard: shard, to: "n\(1 + shard % 3)")
            ])
        }
        #expect(log.entries.count == 3)
        let words = log.entries.map {
            EventWords(log[$0.number] ?? log.events[0], log, .english, group: log.group(of: $0.number))
        }
        #expect(words.map(\.what) == (1...3).map { "8 shards allocated to n\($0)" })
    }

    @Test("the log keeps the newest and its numbers")
    func trimming() {
        var log = EventLog()
        for number in 1...20_000 {
            log.append([
                RuntimeEvent(time: .start, id: EventID(node: "n1", number: UInt64(number)), kind: .note)
            ])
        }
        #expect(log.end == 20_000)
        #expect(log.events.count >= EventLog.kept && log.events.count <= 2 * EventLog.kept)
        #expect(log.event(EventID(node: "n1", number: 20_000)) != nil)
        #expect(log.event(EventID(node: "n1", number: 1)) == nil)
        #expect(log.entries.first?.number == log.base)
    }

    @Test("a flood of losses is one line, and never pushes out what matters")
    func flood() {
        var log = EventLog()
        var number: UInt64 = 0
        func event(
            _ node: String, _ kind: EventKind, subject: String? = nil, to: String? = nil, detail: EventDetail? = nil
        )
            -> RuntimeEvent
        {
            number += 1
            return RuntimeEvent(
                time: Instant(nanoseconds: Int64(number) * 1_000_000), id: EventID(node: node, number: number),
                kind: kind, subject: subject, to: to,
                reason: kind == .messageLost ? .lost(.ledger(.unreachable)) : nil, detail: detail)
        }
        log.append([
            event(
                EventID.testbed, .nodeStarted, subject: "n3",
                detail: .incarnation(
                    UniqueAddress(address: NodeAddress(host: "127.0.0.3", port: 25520), incarnation: 1))),
            event(EventID.testbed, .nodeKilled),
        ])
        for _ in 0..<20_000 {
            log.append([event("n5", .messageLost, to: "casty://casty@127.0.0.3:25520/sharding/account")])
        }
        #expect(log.entries.count == 3 && log.events.count < 100)
        let words = EventWords(log.events[2], log, .english, group: log.group(of: 2))
        #expect(words.subject == "n5" && words.what == "20000 messages lost: n3 unreachable (account)")
        // Events that do not group, of a level that matters little.
        for _ in 0..<20_000 { log.append([event("n1", .entityStarted)]) }
        #expect(log.events.contains { $0.kind == .nodeKilled } && log[1]?.kind == .nodeKilled)
        #expect(log.group(of: 2).count == 20_000)
        #expect(log.events.count <= 2 * EventLog.kept)
        #expect(log[log.end - 1]?.kind == .entityStarted)
    }

    @Test("views agree because of a change, and causes are reported in words")
    func causes() {
        var log = EventLog()
        let removed = RuntimeEvent(
            time: .start, id: EventID(node: "n1", number: 1), kind: .memberRemoved, subject: "n3")
        let converged = RuntimeEvent(
            time: .start, id: EventID(node: "n1", number: 2), kind: .converged, detail: .version(9))
        let moved = RuntimeEvent(time: .start, id: EventID(node: "n1", number: 3), kind: .shardMoved, shard: 1)
        let orphan = RuntimeEvent(
            time: .start, id: EventID(node: "n1", number: 5), kind: .shardMoved,
            causes: [EventID(node: "n1", number: 4)])
        let next = RuntimeEvent(time: .start, id: EventID(node: "n1", number: 6), kind: .note, causes: [moved.id])
        log.append([removed, converged, moved, orphan, next])
        #expect(EventWords(converged, log, .english).cause == "removed n3 0.0")
        #expect(EventWords(next, log, .english).cause == "move of shard 1 0.0")
        #expect(EventWords(orphan, log, .english).cause == "long ago")
    }

    @Test("numbers are short and round as a person expects")
    func words() {
        #expect(Words.fixed(0.05) == "0.1" && Words.fixed(-0.04) == "0.0" && Words.fixed(12.34, 2) == "12.34")
        #expect(Words.short(9999) == "9999" && Words.short(12_345) == "12k" && Words.short(3_400_000) == "3.4M")
        #expect(Words.span(.milliseconds(210)) == "210ms" && Words.span(.seconds(3.84)) == "3.8s")
        #expect(Words.moment(Instant(nanoseconds: 41_390_000_000)) == "41.3")
        #expect(Words.moment(Instant(nanoseconds: 761_300_000_000)) == "12:41.3")
        #expect(Words.moment(Instant(nanoseconds: 3_723_400_000_000)) == "1:02:03.4")
        #expect(Words.wholeMoment(Instant(nanoseconds: 761_900_000_000)) == "12:41")
        #expect(Words.wholeMoment(Instant(nanoseconds: 41_300_000_000)) == "41")
        #expect(Words.fit("abcdef", 4) == "abc…" && Words.fit("日本語", 4) == "日…")
        #expect(Words.count(2, "entity") == "2 entities")
        #expect(Words.fixed(.nan) == "-" && Words.fixed(.infinity) == "-")
    }
}
