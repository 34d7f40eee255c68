import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// M1: a view contains no incarnation twice, and at most one live member per address; no two processes share a uid.
struct UniqueIdentities: InvariantChecker {
    static let ids = ["M1"]
    static let subject = CheckedSubject.gossip

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        // Two live members at one address, or two processes with one uid, are possible only if an address was reused.
        let byAddress = Dictionary(grouping: moment.incarnations, by: \.address)
        for view in moment.views where exercised.isEmpty {
            let isBeside = view.members.contains { byAddress[$0.node.address, default: []].count > 1 }
            if isBeside { exercised = ["M1"] }
        }
        if let twice = firstRepeated(moment.incarnations.map(\.incarnation)) {
            found.append(Violation(id: "M1", text: "two processes have the uid \(twice)"))
        }
        for view in moment.views {
            let members = view.members
            if let twice = firstRepeated(members.map(\.node)) {
                found.append(Violation(id: "M1", subject: view.name, text: "its view holds \(twice) twice"))
            }
            let living = members.filter { $0.status != .down }.map(\.node.address)
            if let twice = firstRepeated(living) {
                found.append(
                    Violation(id: "M1", subject: view.name, text: "two living members at \(twice) in its view"))
            }
        }
        return found
    }

    private func firstRepeated<Element: Hashable & Comparable>(_ elements: [Element]) -> Element? {
        if zip(elements, elements.dropFirst()).allSatisfy({ $0 < $1 }) { return nil }
        var seen: Set<Element> = []
        return elements.first { !seen.insert($0).inserted }
    }
}

/// M2, M3: in a view the status of a member only moves forward: joining, up, leaving, exiting, removed; or down,
/// removed. A removed member does not come back.
struct StatusOrder: InvariantChecker {
    static let ids = ["M2", "M3"]
    static let subject = CheckedSubject.gossip

    /// The rank of each status in that order; the last is that of a removed member.
    private enum Rank: Int, Comparable {
        case joining, weaklyUp, up, leaving, exiting, down, gone

        init(_ condition: MemberStatus) {
            switch condition {
            case .joining: self = .joining
            case .weaklyUp: self = .weaklyUp
            case .up: self = .up
            case .leaving: self = .leaving
            case .exiting: self = .exiting
            case .down: self = .down
            }
        }

        static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
    }

    private struct Pair: Hashable {
        let viewer: UniqueAddress
        let subject: UniqueAddress
    }

    private var ranks: [Pair: Rank] = [:]
    private var latest: [UniqueAddress: [MemberSnapshot]] = [:]
    /// Viewers that have seen the removal of a member.
    private var bereft: Set<UniqueAddress> = []
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps where step.isChange { found += changes(in: step, moment) }
        for view in moment.views where latest[view.node] != view.members {
            latest[view.node] = view.members
            var present: Set<UniqueAddress> = []
            for member in view.members {
                present.insert(member.node)
                let pair = Pair(viewer: view.node, subject: member.node)
                let rank = Rank(member.status)
                if let before = ranks[pair], rank < before {
                    found.append(
                        Violation(
                            id: before == .gone ? "M2" : "M3", subject: view.name,
                            text: "in its view \(member.name) was \(before) and is \(member.status) again"))
                }
                ranks[pair] = rank
            }
            for pair in ranks.keys where pair.viewer == view.node && !present.contains(pair.subject) {
                ranks[pair] = .gone
            }
        }
        return found
    }
}

extension StatusOrder {
    /// Checks one step of a node's membership, which may pass through several statuses between two checks.
    private mutating func changes(in step: StepTrace, _ moment: ClusterMoment) -> [Violation] {
        // A view that changes after a removal could bring the member back.
        if bereft.contains(step.node) { exercised.insert("M2") }
        var found: [Violation] = []
        for member in step.before.members {
            guard let status = step.after.member(member.node)?.status else {
                bereft.insert(step.node)
                continue
            }
            guard status != member.status else { continue }
            exercised.insert("M3")
            guard status < member.status else { continue }
            let text = "in its view \(moment.name(member.node)) was \(member.status) and is \(status) again"
            found.append(Violation(id: "M3", subject: moment.name(step.node), text: text))
        }
        return found
    }
}

/// M4: a node's clock never goes back, and no node has a higher entry for another node than that node itself.
struct GrowingClocks: InvariantChecker {
    static let ids = ["M4"]
    static let subject = CheckedSubject.gossip

    private var latest: [UniqueAddress: [ClockEntry]] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        var own: [UniqueAddress: UInt64] = [:]
        for view in moment.views {
            let clock = view.clock
            own[view.node] = clock.first { $0.node == view.node }?.counter
            for entry in latest[view.node] ?? [] {
                guard let now = clock.first(where: { $0.node == entry.node }) else { continue }
                // An entry that another node advanced has arrived by gossip.
                if now.counter != entry.counter, entry.node != view.node { exercised = ["M4"] }
                guard now.counter < entry.counter else { continue }
                found.append(
                    Violation(
                        id: "M4", subject: view.name,
                        text: "its clock for \(entry.name) went from \(entry.counter) to \(now.counter)"))
            }
            latest[view.node] = clock
        }
        for view in moment.views {
            for entry in view.clock {
                guard let issued = own[entry.node], entry.counter > issued else { continue }
                found.append(
                    Violation(
                        id: "M4", subject: view.name,
                        text: "it counts \(entry.counter) for \(entry.name), which has counted \(issued)"))
            }
        }
        return found
    }
}

/// M5: equal versions mean equal views.
struct EqualVersionsEqualViews: InvariantChecker {
    static let ids = ["M5"]
    static let subject = CheckedSubject.gossip

    private var latest: [UniqueAddress: [ClockEntry]] = [:]
    private(set) var exercised: Set<String> = []

    /// Exercised when two nodes share a version that differs from the first one seen.
    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var first: [[ClockEntry]: NodeView] = [:]
        var changed: Set<UniqueAddress> = []
        var found: [Violation] = []
        for view in moment.views where !view.clock.isEmpty {
            let other = first[view.clock, default: view]
            first[view.clock] = other
            if latest.updateValue(view.clock, forKey: view.node) != view.clock {
                changed.insert(view.node)
            }
            if other.node != view.node, changed.contains(view.node) || changed.contains(other.node) {
                exercised = ["M5"]
            }
            guard other.digest != view.digest else { continue }
            found.append(
                Violation(
                    id: "M5", subject: view.name,
                    text: "it has the same version as \(other.name) and another view"))
        }
        return found
    }
}
