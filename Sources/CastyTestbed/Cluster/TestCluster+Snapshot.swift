import CastyCore
package import CastyObservability

extension TestCluster {
    /// The state of all nodes at this moment, and what the oracle knows about them.
    package var snapshot: ClusterSnapshot {
        let links = Set(cuts).union(shapes.keys).sorted().map { direction in
            let shape = shapes[direction]
            return LinkSnapshot(
                from: "n\(direction.from)", to: "n\(direction.to)", cut: cuts.contains(direction),
                latency: shape?.latency ?? .zero, jitter: shape?.jitter ?? .zero, loss: shape?.loss ?? 0)
        }
        let snapshots = numbers.compactMap { nodes[$0]?.snapshot }
        let version = snapshots.reduce(UInt64(recorder.count)) { $0 &+ $1.version } &+ tracker.handled
        var snapshot = ClusterSnapshot(
            time: now, version: version, nodes: snapshots, links: links, seed: world.seed,
            lost: UInt64(tracker.lost))
        snapshot.loads = loadSnapshots
        snapshot.crossings = crossings
        return snapshot
    }

    /// Ends all nodes and the runtime.
    package func end() {
        for node in numbers.compactMap({ nodes[$0] }) where node.state == .running || node.state == .frozen {
            node.set(.killed)
            node.host.kill()
        }
        for node in former + numbers.compactMap({ nodes[$0] }) { node.abandon() }
        world.end()
    }
}
