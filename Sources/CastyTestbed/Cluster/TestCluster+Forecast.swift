import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
package import CastyObservability

extension TestCluster {
    /// Forecasts the result of cutting these nodes off from the rest now. Each side is evaluated by its own view and
    /// strategy.
    ///
    /// - Parameter names: The short names of nodes.
    /// - Returns: `nil` if the cut leaves one side without a running member.
    package func forecast(ifCutOff names: [String]) -> PartitionForecast? {
        guard !names.isEmpty else { return nil }
        let running = running.filter { $0.cluster.core.phase == .member }
        let sides = [running.filter { names.contains($0.name) }, running.filter { !names.contains($0.name) }]
            .sorted { ($0.first?.number ?? 0) < ($1.first?.number ?? 0) }
        guard sides.allSatisfy({ !$0.isEmpty }) else { return nil }
        return PartitionForecast(sides: sides.map { forecast($0) })
    }

    private func forecast(_ side: [TestNode]) -> PartitionForecast.Side {
        let here = side.map(\.system.unique)
        let cores = side.map(\.cluster.core)
        // The member that would lead this side.
        let core = cores.first { $0.gossip.status(of: $0.myself)?.isVoting == true } ?? cores[0]
        let decision = core.decisionIfCut(from: core.gossip.members.map(\.node).filter { !here.contains($0) })
        let verdict: PartitionForecast.Verdict =
            switch decision.kind {
            case .keepAll: .waits
            case .downUnreachable, .downIndirectlyConnected: .stays
            case .downReachable, .downAll: .goes
            case .claimLease(let isLate): isLate ? .asksLater : .asksFirst
            }
        return PartitionForecast.Side(nodes: side.map(\.name), verdict: verdict, reason: decision.reason)
    }
}
