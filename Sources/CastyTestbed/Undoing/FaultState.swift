import CastyObservability
package import CastyScenario

/// The faults that a testbed holds in its links and nodes, by which an undo is computed: it restores exactly what a
/// command has changed.
package struct FaultState: Equatable, Sendable {
    var cuts: Set<TestCluster.Direction> = []
    var shapes: [TestCluster.Direction: LinkShape] = [:]
    var frozen: Set<Int> = []

    package init() {}

    /// The commands that lead from this state to another one, in a fixed order.
    package func commands(to target: FaultState) -> [ImmediateCommand] {
        let thawed = frozen.subtracting(target.frozen).sorted().map { NodeName($0) }
        let froze = target.frozen.subtracting(frozen).sorted().map { NodeName($0) }
        var commands: [ImmediateCommand] = []
        if !thawed.isEmpty { commands.append(.thaw(thawed)) }
        if !froze.isEmpty { commands.append(.freeze(froze)) }
        let healed = cuts.subtracting(target.cuts)
        let cut = target.cuts.subtracting(cuts)
        commands += Self.pairs(healed).map { direction, isBoth in
            let (from, to) = (NodeName(direction.from), NodeName(direction.to))
            return .heal(isBoth ? .pair(from, to) : .oneWay(from: from, to: to))
        }
        commands += Self.pairs(cut).map { direction, isBoth in
            let (from, to) = (NodeName(direction.from), NodeName(direction.to))
            return .cut(isBoth ? .split([[from], [to]]) : .oneWay(from: [from], to: [to]))
        }
        for direction in Set(shapes.keys).union(target.shapes.keys).sorted() {
            // A heal has reset the direction already.
            let current = healed.contains(direction) ? nil : shapes[direction]
            let wanted = target.shapes[direction]
            guard current != wanted else { continue }
            let ends = LinkChange.Ends.oneWay(from: [NodeName(direction.from)], to: [NodeName(direction.to)])
            // A change keeps the properties that it does not name.
            if current != nil { commands.append(.link(LinkChange(ends))) }
            guard let wanted else { continue }
            commands.append(.link(LinkChange(ends, latency: wanted.latency, jitter: wanted.jitter, loss: wanted.share)))
        }
        return commands
    }

    /// The directions in order, with both directions of a pair as one.
    private static func pairs(
        _ directions: Set<TestCluster.Direction>
    ) -> [(direction: TestCluster.Direction, isBoth: Bool)] {
        directions.sorted().compactMap { direction in
            let isBoth = directions.contains(direction.opposite)
            return isBoth && direction.to < direction.from ? nil : (direction, isBoth)
        }
    }
}

extension TestCluster.Direction {
    /// The direction back.
    var opposite: TestCluster.Direction { TestCluster.Direction(from: to, to: from) }
}

extension LinkShape {
    /// The loss as the language writes it.
    fileprivate var share: Percentage? {
        loss.map { Percentage(percent: Thousandths(count: Int64(($0 * 100_000).rounded()))) }
    }
}

extension TestCluster {
    /// The faults in its links and nodes at this moment.
    package var faultState: FaultState {
        var state = FaultState()
        state.cuts = cuts
        state.shapes = shapes
        state.frozen = Set(numbers.filter { nodes[$0]?.state == .frozen })
        return state
    }
}
