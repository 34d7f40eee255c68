import CastyActors
import CastyCore
import CastyObservability
import CastyRemoting
import CastySharding

/// The messages between the nodes, for a view that shows them.
extension TestCluster {
    /// Begins or ends to record the messages between the nodes. It costs nothing while it is off.
    package func observeMessages(_ observes: Bool) {
        guard observes != (flow != nil) else { return }
        flow = observes ? FlowRecorder(clock: world.clock) : nil
        flowEnds = []
        for node in numbers.compactMap({ nodes[$0] }) { observeMessages(of: node) }
    }

    func observeMessages(of node: TestNode) {
        node.node.remoting.observe(
            flow.map { FlowObserver(node.system, $0) { Self.name(of: $0) } })
    }

    /// The latest messages, oldest first; `nil` while they are not recorded.
    var crossings: [MessageCrossing]? {
        guard let flow else { return nil }
        for node in numbers.compactMap({ nodes[$0] }) where node.state == .killed || node.state == .stopped {
            if flowEnds.insert(node.system.unique).inserted { flow.ended(node: node.name) }
        }
        flow.explain { from, to in
            if isDown(to) { return .receiverGone }
            if isDown(from) { return .senderGone }
            return cuts.contains { "n\($0.from)" == from && "n\($0.to)" == to } ? .linkCut : nil
        }
        return flow.latest
    }

    private func isDown(_ name: String) -> Bool {
        numbers.compactMap { nodes[$0] }.contains { $0.name == name && $0.state != .running && $0.state != .frozen }
    }
}
