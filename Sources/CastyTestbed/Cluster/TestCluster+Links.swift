import CastyActors
import CastyCore
import CastyObservability
import CastyScenario

extension TestCluster {
    /// Removes cuts, delays and losses from all links, or from the link between two nodes.
    package func heal(_ pair: (Int, Int)? = nil) throws {
        heal(pair.map { [Direction(from: $0.0, to: $0.1), Direction(from: $0.1, to: $0.0)] })
    }

    /// Removes cut, delay and loss from one direction of a link.
    package func heal(from: Int, to: Int) { heal([Direction(from: from, to: to)]) }

    /// - Parameter wanted: The directions to heal; `nil` for all.
    private func heal(_ wanted: Set<Direction>?) {
        func concerns(_ direction: Direction) -> Bool { wanted?.contains(direction) ?? true }
        if cuts.contains(where: concerns) || shapes.keys.contains(where: concerns) { disturbances.fault(until: now) }
        for direction in cuts.sorted() where concerns(direction) {
            cuts.remove(direction)
            world.heal(from: address(of: direction.from).host, to: address(of: direction.to).host)
            oracle.healed(direction, at: now)
            inspector.emit(.healed, from: "n\(direction.from)", to: "n\(direction.to)")
        }
        reset(shapes.keys.filter(concerns).sorted(), isAll: wanted == nil)
    }

    /// Sets the latency, jitter and loss of some directions, or of all.
    func shape(_ named: [Direction]?, _ shape: LinkShape) throws {
        if world.isLive {
            throw TestClusterError("a live link is left as it is: latency, jitter and loss exist with --sim only")
        }
        let directions = try existing(named)
        for direction in directions {
            var merged = shapes[direction] ?? LinkShape()
            merged.latency = shape.latency ?? merged.latency
            merged.jitter = shape.jitter ?? merged.jitter
            merged.loss = shape.loss ?? merged.loss
            shapes[direction] = merged
            oracle.shaped(direction, merged, at: now)
            world.shape(from: address(of: direction.from).host, to: address(of: direction.to).host, merged)
        }
        guard !directions.isEmpty else { return }
        guard named != nil else {
            let id = linkInspector.emit(.linkImpaired, detail: .text(shape.words))
            for direction in directions { impairments[direction] = id }
            return
        }
        for direction in directions {
            impairments[direction] = linkInspector.emit(
                .linkImpaired, from: "n\(direction.from)", to: "n\(direction.to)",
                detail: .text((shapes[direction] ?? shape).words))
        }
    }

    /// Resets some directions, or all, to their default latency, jitter and loss.
    func unshape(_ named: [Direction]?) throws {
        let changed = try existing(named).filter { shapes[$0] != nil }
        if !changed.isEmpty { disturbances.fault(until: now) }
        reset(changed, isAll: named == nil)
    }

    private func reset(_ directions: [Direction], isAll: Bool) {
        for direction in directions {
            shapes[direction] = nil
            oracle.shaped(direction, nil, at: now)
            world.shape(from: address(of: direction.from).host, to: address(of: direction.to).host, nil)
        }
        var ended: [EventID] = []
        for direction in directions {
            guard let id = impairments.removeValue(forKey: direction) else { continue }
            if !isAll {
                linkInspector.emit(.linkRestored, from: "n\(direction.from)", to: "n\(direction.to)", causes: [id])
            } else if !ended.contains(id) {
                ended.append(id)
            }
        }
        if !ended.isEmpty { linkInspector.emit(.linkRestored, causes: ended) }
    }

    /// The named directions, or all, in order.
    private func existing(_ named: [Direction]?) throws -> [Direction] {
        guard let named else {
            return numbers.flatMap { from in numbers.filter { $0 != from }.map { Direction(from: from, to: $0) } }
        }
        for direction in named {
            for number in [direction.from, direction.to] { _ = try node(number) }
        }
        return named
    }
}

extension LinkShape {
    /// The changed properties in words.
    fileprivate var words: String {
        let parts = [
            latency.map { "latency \($0.scenarioText)" }, jitter.map { "jitter \($0.scenarioText)" },
            loss.map { "loss \(Thousandths(count: Int64(($0 * 100_000).rounded())))%" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}
