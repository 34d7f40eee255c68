import CastyActors
package import CastyCore
import Synchronization

/// How associations begin and end.
///
/// The association of a member exists as long as the member does. Any other ends when nothing is under way with its
/// address, nothing is queued for it, and no local actor watches an actor there. It is dropped at the second
/// ``RemotingSettings/associationIdle`` sweep in a row that finds it idle, or at the twentieth where it remembers that
/// an incarnation was removed. Addresses of non-members are bounded separately from members.
extension Remoting {
    /// The association with an address, created when first needed; `nil` where there are too many, the system is
    /// shutting down, or no node listens there.
    func association(with address: NodeAddress) -> Association? {
        if let known = known(address) { return known }
        guard address.port != 0 else { return nil }
        let isFull = state.withLock { $0.outgoingCount >= settings.associationLimit && !$0.addresses.isMember(address) }
        if isFull { sweep(atOnce: true) }
        return insert(address) { $0.outgoingCount < settings.associationLimit }
    }

    /// The association with an address whose node has introduced itself.
    ///
    /// - Parameter host: The host its connection comes from. What a peer states about itself does not count here.
    func association(accepting address: NodeAddress, from host: String) -> Association? {
        if let known = known(address) { return known }
        makeRoom()
        let made = insert(address) { state in
            if !state.addresses.isMember(address) { state.addresses.add(nonMember: address, from: host) }
            return true
        }
        return made
    }

    private func insert(_ address: NodeAddress, _ isAllowed: (inout State) -> Bool) -> Association? {
        let made = state.withLock { state -> Association? in
            if let known = state.associations[address] { return known }
            guard state.closing == nil else { return nil }
            let isMember = state.addresses.isMember(address)
            guard isMember || isAllowed(&state) else { return nil }
            let made = Association(with: address, self, generator: state.generator.fork(address.description))
            if let member = state.addresses.member(at: address) {
                made.state.withLock {
                    $0.setMember(true)
                    $0.identity.expected = member
                }
            }
            state.associations[address] = made
            return made
        }
        scheduleSweep()
        return made
    }

    /// Drops the oldest association of the most crowded host, where too many non-members have introduced themselves.
    private func makeRoom() {
        let crowd = state.withLock { state -> [Association] in
            guard state.addresses.nonMemberCount >= settings.nonMemberLimit else { return [] }
            return state.addresses.mostCrowded.compactMap { state.associations[$0] }
        }
        // One that holds watches of local actors, or that is in use by request, stays as long as another can go.
        guard let leaving = crowd.first(where: { $0.state.withLock { $0.mayBeCrowdedOut } }) ?? crowd.first else {
            return
        }
        remove(leaving) { _ in true }
        leaving.perform(leaving.state.withLock { $0.crowdedOut() })
        warn("crowd", "too many addresses of non-members: the oldest of \(leaving.address.host) are dropped")
    }

    /// Removes an association from the table, if the condition holds for it under its lock.
    @discardableResult
    private func remove(_ association: Association, where condition: (AssociationState) -> Bool) -> Bool {
        state.withLock { state in
            guard state.closing == nil, state.associations[association.address] === association,
                association.state.withLock({ $0.detach(where: condition) })
            else { return false }
            state.associations[association.address] = nil
            state.addresses.remove(nonMember: association.address)
            return true
        }
    }

    /// Drops an association whose peer can never be reached again.
    func drop(_ association: Association) {
        remove(association) { _ in true }
        system.inspector.touch()
    }

    /// The current association for the address of a detached one: a newer one if the table has it, otherwise the same
    /// one, put back.
    func attach(_ association: Association) -> Association? {
        let existing = state.withLock { state -> Association? in
            guard state.closing == nil, association.address.port != 0 else { return nil }
            if let known = state.associations[association.address] { return known }
            association.state.withLock { $0.lifecycle = .attached }
            state.associations[association.address] = association
            return association
        }
        scheduleSweep()
        return existing
    }

    // MARK: Sweeping

    private func scheduleSweep() {
        let isNew = state.withLock { state in
            let isNeeded = state.closing == nil && !state.isSweepDue && state.hasOthers
            if isNeeded { state.isSweepDue = true }
            return isNeeded
        }
        guard isNew else { return }
        let timer = system.world.scheduler.schedule(after: settings.associationIdle) { [self] in
            state.withLock { state in
                state.isSweepDue = false
                state.sweepTimer = nil
            }
            sweep(atOnce: false)
            scheduleSweep()
        }
        let isLate = state.withLock { state in
            if state.closing == nil, state.isSweepDue { state.sweepTimer = timer }
            return state.closing != nil
        }
        if isLate { timer.cancel() }
    }

    /// The system shuts down: ends the sweeps.
    func endSweeps() {
        let timer = state.withLock { state in
            defer { state.sweepTimer = nil }
            return state.sweepTimer
        }
        timer?.cancel()
    }

    /// Drops the associations of non-members that have been idle for enough sweeps in a row, or that are idle now.
    private func sweep(atOnce: Bool) {
        let all = state.withLock { state in
            state.associations.filter { !state.addresses.isMember($0.key) }.map(\.value)
        }
        var dropped = 0
        for association in all {
            let isDue = association.state.withLock { $0.isDue(atOnce: atOnce) }
            if isDue, remove(association, where: { $0.isIdle }) { dropped += 1 }
        }
        if dropped > 0 { system.inspector.touch() }
    }

    // MARK: Members

    /// The cluster knows an incarnation. Its association is kept apart from those of non-members, and messages for it
    /// may be queued even where an earlier incarnation was forgotten.
    package func expect(_ incarnation: UniqueAddress) {
        let known = state.withLock { state -> Association? in
            state.addresses.add(member: incarnation)
            return state.associations[incarnation.address]
        }
        known?.state.withLock { $0.setMember(true) }
        known?.expect(incarnation)
    }

    /// The incarnation is no longer a member.
    func noteGone(_ incarnation: UniqueAddress) {
        let known = state.withLock { state -> Association? in
            state.addresses.remove(member: incarnation) ? state.associations[incarnation.address] : nil
        }
        known?.state.withLock { $0.setMember(false) }
        scheduleSweep()
    }
}

extension Remoting.State {
    /// The number of associations with non-members.
    private var otherCount: Int { associations.keys.count { !addresses.isMember($0) } }

    var hasOthers: Bool { associations.keys.contains { !addresses.isMember($0) } }

    /// The number of those that this node began, by a message to a non-member.
    var outgoingCount: Int { otherCount - addresses.nonMemberCount }
}
