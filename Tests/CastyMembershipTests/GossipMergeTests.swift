import CastyCore
import Testing

@testable import CastyMembership

@Suite("Merging gossip") struct GossipMergeTests {
    static let nodes = VectorClockTests.nodes

    /// States that nodes reach from a common start by changes of their own, by taking over and by merging.
    static let states: [Gossip] = {
        var pool: [Gossip] = [Gossip()]
        var dice = SeededGenerator(seed: 11)
        while pool.count < 60 {
            var state = pool[dice.below(pool.count)]
            if dice.below(4) == 0 { state = state.merged(with: pool[dice.below(pool.count)]) }
            let author = nodes[dice.below(nodes.count)]
            let subject = nodes[dice.below(nodes.count)]
            guard !state.isTombstoned(author) else { continue }
            let old = state
            switch dice.below(5) {
            case 0: if !state.isTombstoned(subject) { state.add(Member(node: subject, status: .joining)) }
            case 1:
                let statuses = MemberStatus.allCases
                state.setStatus(statuses[dice.below(statuses.count)], of: subject)
            case 2:
                let verdicts: [ReachabilityRow.Verdict?] = [nil, .indirect, .unreachable, .terminated]
                let verdict = verdicts[dice.below(4)]
                if state.member(author) != nil, state.member(subject) != nil {
                    state.setRow(
                        verdict.map { ReachabilityRow(subject: subject, verdict: $0) }, by: author, of: subject)
                }
            case 3: state.setStatus(.down, of: subject)
            default:
                if state.member(subject)?.status == .down {
                    state.addTombstone(subject, silence: .milliseconds(Int64(dice.below(9000))))
                }
            }
            if state.hasSameContent(as: old) { continue }
            if !state.isTombstoned(author) { state.version.tick(author) }
            pool.append(state)
        }
        return pool
    }()

    @Test("merge is commutative and idempotent, loses nothing and brings no removed member back")
    func pairs() {
        for a in Self.states {
            #expect(a.merged(with: a).hasSameContent(as: a))
            for b in Self.states {
                let ab = a.merged(with: b)
                #expect(ab == b.merged(with: a))
                #expect(ab.contentDigest == b.merged(with: a).contentDigest)
                for member in a.members {
                    let merged = ab.member(member.node)
                    #expect(ab.isTombstoned(member.node) || (merged.map { $0.status >= member.status } ?? false))
                }
                for tombstone in a.tombstones {
                    #expect(ab.isTombstoned(tombstone.node) && ab.member(tombstone.node) == nil)
                }
                #expect(ab.merged(with: a).hasSameContent(as: ab))
            }
        }
    }

    @Test("merge is associative")
    func triples() {
        let states = Self.states.prefix(36)
        for a in states {
            for b in states {
                let ab = a.merged(with: b)
                for c in states where ab.merged(with: c) != a.merged(with: b.merged(with: c)) {
                    Issue.record("\(a)\n\(b)\n\(c)")
                    return
                }
            }
        }
    }

    @Test("different contents have different digests, whichever members have seen them")
    func digests() {
        for a in Self.states {
            var seen = a
            seen.seen = Self.nodes.filter { a.member($0) != nil }
            #expect(seen.contentDigest == a.contentDigest)
            for b in Self.states { #expect((a.contentDigest == b.contentDigest) == a.hasSameContent(as: b)) }
        }
    }

    @Test("parts in any order, doubled or against the rules, are put right")
    func hostileParts() {
        let (a, b, c) = (Self.nodes[0], Self.nodes[1], Self.nodes[2])
        let gossip = Gossip(
            members: [
                Member(node: b, status: .up, upNumber: 2), Member(node: a, status: .up), Member(node: b, status: .down),
            ],
            reachability: [
                ObserverRows(
                    observer: b, version: 1,
                    rows: [.init(subject: c, verdict: .unreachable), .init(subject: a, verdict: .unreachable)]),
                ObserverRows(observer: c, version: 9, rows: [.init(subject: a, verdict: .unreachable)]),
            ],
            tombstones: [Tombstone(node: c, lastStatus: .down)],
            version: VectorClock([.init(node: c, count: 3), .init(node: a, count: 1)]), seen: [c, b, b])
        #expect(gossip.members == [Member(node: a, status: .up), Member(node: b, status: .down, upNumber: 2)])
        #expect(gossip.reachability.map(\.observer) == [b])
        #expect(gossip.reachability.first?.rows == [.init(subject: a, verdict: .unreachable)])
        #expect(gossip.version == VectorClock([.init(node: a, count: 1)]))
        #expect(gossip.seen == [b])
    }
}

@Suite("Member statuses") struct MemberStatusTests {
    static let legal: [MemberStatus: [MemberStatus]] = [
        .joining: [.weaklyUp, .up, .leaving, .down], .weaklyUp: [.up, .leaving, .down], .up: [.leaving, .down],
        .leaving: [.exiting, .down], .exiting: [.down], .down: [],
    ]

    @Test("only the steps of the diagram are legal, and each goes forward in the order of a merge")
    func table() {
        for from in MemberStatus.allCases {
            for to in MemberStatus.allCases {
                #expect(from.mayBecome(to) == Self.legal[from]?.contains(to))
                if from.mayBecome(to) { #expect(to > from) }
            }
        }
    }
}
