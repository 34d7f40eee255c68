import CastyActors
import CastyCore
import CastyObservability
import CastyReporting
import CastyScenario

extension TestCluster {
    func evaluateMembers(_ names: [NodeName], in view: NodeSnapshot) -> Verdict {
        let members = view.membership.members
        let isExact = members.count == Set(names).count
        if isExact, names.allSatisfy({ evaluate($0, .up, in: view).isMet }) { return .met }
        return .unmet("members on \(view.name): \(describe(members))")
    }

    func evaluate(_ name: NodeName, _ condition: NodeCondition, in view: NodeSnapshot) -> Verdict {
        guard let node = nodes[name.number] else { return .unmet("\(name) was never started") }
        let address = address(of: name.number)
        let wasMember = node.hasJoined || former.contains { $0.number == name.number && $0.hasJoined }
        let incarnations = view.membership.members.filter { $0.node.address == address }
        let newest = incarnations.first { $0.node == node.system.unique }
        let holds =
            switch condition {
            case .up: newest.map { $0.status == .up && !$0.unreachable } ?? false
            case .unreachable: newest.map { $0.unreachable && $0.status != .down } ?? false
            case .down: newest?.status == .down
            case .removed: incarnations.isEmpty && wasMember
            }
        if holds { return .met }
        let absence = wasMember ? "not a member" : "not a member yet"
        let seen = incarnations.isEmpty ? absence : describe(incarnations)
        return .unmet("\(name) on \(view.name): \(seen)")
    }

    func evaluateLeader(_ name: NodeName, in view: NodeSnapshot) -> Verdict {
        guard let node = nodes[name.number] else { return .unmet("\(name) was never started") }
        if view.membership.leader == node.system.unique { return .met }
        return .unmet("leader on \(view.name): \(view.membership.leader.map(word) ?? "none")")
    }

    func evaluateCoordinator(_ name: NodeName, in view: NodeSnapshot) -> Verdict {
        guard let node = nodes[name.number] else { return .unmet("\(name) was never started") }
        let other = view.sharding.first { $0.coordinator != node.system.unique }
        guard let other else { return .met }
        return .unmet("coordinator of \(other.type) on \(view.name): \(other.coordinator.map(word) ?? "none known")")
    }

    func evaluateConverged(_ scope: Scope) -> Verdict {
        let viewers: [TestNode]
        do {
            viewers = try self.viewers(scope)
        } catch {
            return .unmet("\(error)")
        }
        let views = viewers.map(\.snapshot)
        for view in views {
            let members = view.membership.members
            for viewer in viewers {
                let member = members.first { $0.node == viewer.system.unique }
                guard let member else { return .unmet("\(viewer.name) is no member on \(view.name)") }
                guard member.status == .up else { return .unmet("\(viewer.name) on \(view.name): \(member.status)") }
            }
            if let waiting = view.membership.waitingFor.first {
                let what = waiting.word(at: view.time) { TestCluster.name(of: $0.address) }
                return .unmet("\(view.name) waits: \(what)")
            }
            guard view.membership.converged else { return .unmet("\(view.name) has not converged") }
            if let member = members.first(where: \.unreachable) {
                return .unmet("\(member.name) on \(view.name): unreachable")
            }
        }
        for view in views.dropFirst() where view.membership.clock != views[0].membership.clock {
            return .unmet(
                "\(views[0].name) has version \(views[0].membership.gossipVersion), \(view.name) has "
                    + "\(view.membership.gossipVersion)")
        }
        return .met
    }

    /// A node's short name, marked if it is an earlier incarnation.
    private func word(_ node: UniqueAddress) -> String {
        let name = Self.name(of: node.address)
        return isCurrent(node) ? name : "\(name) (an earlier incarnation)"
    }

    private func isCurrent(_ node: UniqueAddress) -> Bool { nodes.values.contains { $0.system.unique == node } }

    private func describe(_ members: [MemberSnapshot]) -> String {
        if members.isEmpty { return "none" }
        return members.map { member in
            let status = member.unreachable && member.status != .down ? "unreachable" : member.status.description
            return "\(word(member.node)) \(status)"
                + (status == "unreachable" && member.status != .up ? " (\(member.status))" : "")
        }.joined(separator: ", ")
    }
}
