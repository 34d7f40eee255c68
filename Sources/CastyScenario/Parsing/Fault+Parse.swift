extension Fault {
    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> Fault {
        var fault = Fault(try cursor.choice(of: FaultKind.self))
        while fault.kind.nodes.upperBound > fault.nodes.count {
            cursor.want(.nodes)
            guard cursor.isAtNodes else { break }
            for node in try cursor.nodes() {
                guard !fault.nodes.contains(node) else {
                    throw cursor.problem(.badValue, "\(node) stands twice in the list", back: 1)
                }
                fault.nodes.append(node)
            }
        }
        let count = fault.nodes.count
        if count < fault.kind.nodes.lowerBound { throw cursor.misfit() }
        if count > fault.kind.nodes.upperBound {
            let what = "\(fault.kind.rawValue) takes at most \(fault.kind.nodes.upperBound) nodes, not \(count)"
            throw cursor.problem(.badValue, what, back: 1)
        }
        if fault.kind.lasts, cursor.accept("off") {
            fault.ends = true
            return fault
        }
        while let key = fault.kind.keys.first(where: { fault[key: $0] == nil && cursor.accept($0.rawValue) }) {
            fault.arguments.append(FaultArgument(key, try FaultValue.parse(key, &cursor)))
        }
        return fault
    }
}

extension FaultValue {
    static func parse(_ key: FaultKey, _ cursor: inout Cursor) throws(ScenarioProblem) -> FaultValue {
        let count: ClosedRange<Thousandths> = 1...1_000_000
        switch key {
        // A node's clock is monotonic: it jumps ahead only.
        case .duration, .period, .jump: return .duration(try cursor.duration(from: .milliseconds(1)))
        case .factor: return .number(try cursor.decimal("a factor", in: Thousandths(count: 1)...1000))
        case .rate:
            return .percentage(
                Percentage(percent: try cursor.decimal("a rate such as 1% or -1%", suffix: "%", in: -50...50)))
        case .chance:
            return .percentage(Percentage(percent: try cursor.decimal("a share such as 5%", suffix: "%", in: 0...100)))
        case .limit: return .number(try cursor.decimal("bytes a second", in: 1...1_000_000_000))
        case .times: return .number(try cursor.decimal("a number", in: count))
        case .error: return .disk(try cursor.choice(of: DiskFault.self))
        case .entity: return .entity(try cursor.entity())
        }
    }
}
