import CastyCore

/// Joining, on the side of the member that is asked.
extension Membership {
    func objection(to settings: [SharedSetting]) -> JoinRefusal? {
        guard phase == .member, let status = gossip.status(of: myself) else { return .notInitialised }
        if status >= .leaving { return .goingAway }
        return difference(from: settings)
    }

    /// The first setting, by name, that differs between the two sides; a setting that one side does not have differs,
    /// except those of types of entities, which not all nodes know.
    /// The preset comes before all others, because it explains them: nodes of two presets differ in every timing.
    func difference(from settings: [SharedSetting]) -> JoinRefusal? {
        var differences: [JoinRefusal] = []
        // Both look their seeds up under one name, at different times.
        let mySeeds = sharedSettings.first { $0.name == SharedSetting.seedsName }?.value
        let haveSameSeeds = mySeeds != nil && settings.first { $0.name == SharedSetting.seedsName }?.value == mySeeds
        mergeSorted(sharedSettings, settings.sortedUniquely(by: \.name) { first, _ in first }, key: \.name) {
            mine, theirs in
            guard mine?.value != theirs?.value, let name = mine?.name ?? theirs?.name else { return }
            if mine == nil || theirs == nil, name.hasPrefix(SharedSetting.whereKnown) { return }
            if name == "seeds", haveSameSeeds { return }
            let refusal = JoinRefusal.settingDiffers(
                name: name, cluster: mine?.value ?? SharedSetting.missing,
                joiner: theirs?.value ?? SharedSetting.missing)
            if name == "preset" { differences.insert(refusal, at: 0) } else { differences.append(refusal) }
        }
        return differences.first
    }

    mutating func answerContact(
        from peer: UniqueAddress, settings: [SharedSetting], _ ballot: Ballot, at now: Instant
    ) {
        switch phase {
        case .contacting:
            let theirs = settings.first { $0.name == "seeds" }?.value
            let mine = join.founding.seedsText
            let vote =
                theirs == mine || theirs == nil
                ? join.founding.onAsked(by: peer, ballot, at: now) : VoteAnswer.otherSeeds(mine)
            let answer = ClusterMessage.noCluster(round: ballot.round, vote: vote, memory: join.founding.memory)
            return effects.append(.send(answer, to: peer))
        case .joining:
            // This node has found a cluster.
            return effects.append(.send(.noCluster(round: ballot.round, vote: .knowsCluster), to: peer))
        case .idle, .member, .stopped: break
        }
        // No answer: the other node asks again.
        if mayBeLeftBehind { return }
        // If all joins go to one member, no two of them have to be merged.
        let door = leader.flatMap { gossip.member($0) }.flatMap { $0.status <= .up ? $0.node : nil }
        let answer =
            objection(to: settings).map { ClusterMessage.initJoinNack($0) }
            ?? .initJoinAck(leader: door, cluster: gossip.cluster)
        effects.append(.send(answer, to: peer))
    }

    mutating func letIn(
        _ peer: UniqueAddress, roles: [String], settings: [SharedSetting], highest: UInt32, at now: Instant
    ) {
        if self.settings.mutations.contains(.ignoresJoiners) || mayBeLeftBehind { return }
        var objection = objection(to: settings)
        if gossip.status(of: peer) == .down || peer.address == myself.address { objection = .removed }
        if let objection {
            effects.append(.send(.joinRefused(objection), to: peer))
            return
        }
        if !gossip.hasMember(peer) {
            // The former incarnation at that address is dead: a new one has its address.
            let isShared = self.settings.mutations.contains(.sharesPlaces)
            for former in gossip.members(at: peer.address) where !isShared {
                change(.newIncarnation(peer), at: now) { gossip, myself in
                    gossip.setStatus(.down, of: former.node)
                    let row = ReachabilityRow(subject: former.node, verdict: .terminated)
                    gossip.setRow(row, by: myself, of: former.node)
                }
                settle(former.node)
            }
            let isInvented = self.settings.mutations.contains(.inventsMembers)
            let node = isInvented ? UniqueAddress(address: peer.address, incarnation: ~peer.incarnation) : peer
            change(.join, at: now) { gossip, _ in
                gossip.add(Member(node: node, status: .joining, roles: roles))
                // This node may have hung while members that are gone by now assigned numbers that only the joiner
                // remembers. No cluster comes near the maximum of the numbers, and a wrong value must not bring this
                // one there.
                if highest < .max / 2 { gossip.highestUpNumber = max(gossip.highestUpNumber, highest) }
            }
        }
        effects.append(.send(.welcome(gossip), to: peer))
        dissemination.justWelcomed = (peer, present.digest)
    }
}
