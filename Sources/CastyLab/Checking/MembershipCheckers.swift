import CastyInspection
import CastyPrimitives

/// M1: in a view no incarnation stands twice, and a place has one living member at most; no two processes share a uid.
struct UniqueIdentities: InvariantChecker {
    static let ids = ["M1"]

    func check(_ moment: LabMoment) -> [Violation] {
        var found: [Violation] = []
        if let twice = firstRepeated(moment.incarnations.map(\.incarnation)) {
            found.append(Violation(id: "M1", text: "two processes have the uid \(twice)"))
        }
        for view in moment.views {
            let members = view.membership.members
            if let twice = firstRepeated(members.map(\.node)) {
                found.append(Violation(id: "M1", subject: view.name, text: "its view holds \(twice) twice"))
            }
            let living = members.filter { $0.status != "down" }.map(\.node.address)
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

/// M2, M3: in a view a member only goes on its way, joining, up, leaving, exiting, gone, or down, gone; and does not
/// come back.
struct StatusOrder: InvariantChecker {
    static let ids = ["M2", "M3"]

    private static let order = ["joining", "weakly-up", "up", "leaving", "exiting", "down", "gone"]

    private struct Pair: Hashable {
        let viewer: UniqueAddress
        let subject: UniqueAddress
    }

    private var ranks: [Pair: Int] = [:]
    private var latest: [UniqueAddress: [MemberSnapshot]] = [:]

    mutating func check(_ moment: LabMoment) -> [Violation] {
        var found: [Violation] = []
        for view in moment.views where latest[view.node] != view.membership.members {
            latest[view.node] = view.membership.members
            var present: Set<UniqueAddress> = []
            for member in view.membership.members {
                present.insert(member.node)
                let pair = Pair(viewer: view.node, subject: member.node)
                let rank = Self.order.firstIndex(of: member.status) ?? 0
                if let before = ranks[pair], rank < before {
                    found.append(
                        Violation(
                            id: before == Self.order.count - 1 ? "M2" : "M3", subject: view.name,
                            text: "in its view \(member.name) was \(Self.order[before]) and is \(member.status) again"))
                }
                ranks[pair] = rank
            }
            for pair in ranks.keys where pair.viewer == view.node && !present.contains(pair.subject) {
                ranks[pair] = Self.order.count - 1
            }
        }
        return found
    }
}

/// M4: a node's clock never runs backwards, and nobody counts more for a node than it has counted itself.
struct GrowingClocks: InvariantChecker {
    static let ids = ["M4"]

    private var latest: [UniqueAddress: [ClockEntry]] = [:]

    mutating func check(_ moment: LabMoment) -> [Violation] {
        var found: [Violation] = []
        var own: [UniqueAddress: UInt64] = [:]
        for view in moment.views {
            let clock = view.membership.clock
            own[view.node] = clock.first { $0.node == view.node }?.counter
            for entry in latest[view.node] ?? [] {
                guard let now = clock.first(where: { $0.node == entry.node }), now.counter < entry.counter else {
                    continue
                }
                found.append(
                    Violation(
                        id: "M4", subject: view.name,
                        text: "its clock for \(entry.name) went from \(entry.counter) to \(now.counter)"))
            }
            latest[view.node] = clock
        }
        for view in moment.views {
            for entry in view.membership.clock {
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

    func check(_ moment: LabMoment) -> [Violation] {
        var first: [[ClockEntry]: NodeSnapshot] = [:]
        var found: [Violation] = []
        for view in moment.views where !view.membership.clock.isEmpty {
            let other = first[view.membership.clock, default: view]
            first[view.membership.clock] = other
            guard other.membership.digest != view.membership.digest else { continue }
            found.append(
                Violation(
                    id: "M5", subject: view.name,
                    text: "it has the same version as \(other.name) and another view"))
        }
        return found
    }
}
