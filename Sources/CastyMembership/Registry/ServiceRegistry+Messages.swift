package import CastyCore

extension ServiceRegistry {
    /// A message of another node's registry.
    package mutating func onMessage(
        _ message: ServiceRegistryMessage, from peer: UniqueAddress, at now: Instant
    ) -> [ServiceRegistryEffect] {
        guard peer != myself, isMember(peer) else { return [] }
        switch message {
        case .status(let digest):
            if digest == self.digest || settings.mutations.contains(.neverAsks) { return [] }
            return [.send(.versions(knownVersions, .all), to: peer)]
        case .versions(let versions, let scope): return compare(versions, scope, with: peer, at: now)
        case .want(let versions): return answer(versions, to: peer)
        case .wantState(let owner, let asOf, let after):
            guard let log = log(of: owner) else { return [] }
            return state(of: owner, log, asOf: asOf, after: after).map { .send($0, to: peer) }
        case .changes(let owner, let page, let latest, let isLast):
            return take(page, of: owner, latest: isLast ? latest : nil, from: peer, at: now)
        case .state(let owner, let page, let isLast): return take(page, of: owner, isLast, from: peer, at: now)
        }
    }

    // MARK: Comparing

    /// Asks for what the peer has and this node lacks, and names what the peer lacks.
    private mutating func compare(
        _ versions: [KnownVersion], _ scope: ServiceRegistryMessage.Scope, with peer: UniqueAddress, at now: Instant
    ) -> [ServiceRegistryEffect] {
        var effects: [ServiceRegistryEffect] = []
        let behind = versions.filter { $0.version > version(of: $0.node).version }.map(\.node)
        if let request = want(behind, at: now) { effects.append(.send(request, to: peer)) }
        let named = Dictionary(versions.map { ($0.node, $0.version) }, uniquingKeysWith: max)
        let ahead = knownVersions.filter { known in
            guard let theirs = named[known.node] else { return scope == .all }
            return known.version > theirs
        }
        if scope != .answer, !ahead.isEmpty { effects.append(.send(.versions(ahead, .answer), to: peer)) }
        return effects
    }

    /// The request for the changes of some nodes, without those that this node waits for already.
    private mutating func want(_ owners: [UniqueAddress], at now: Instant) -> ServiceRegistryMessage? {
        if settings.mutations.contains(.neverAsks) { return nil }
        let open = owners.filter { owner in
            owner != myself && isMember(owner) && asked[owner].map { $0 <= now } ?? true
        }
        for owner in open { asked[owner] = now + settings.patience }
        return open.isEmpty ? nil : .want(open.map { version(of: $0) })
    }

    // MARK: Answering

    private func answer(_ versions: [KnownVersion], to peer: UniqueAddress) -> [ServiceRegistryEffect] {
        var left = settings.burst
        var messages: [ServiceRegistryMessage] = []
        // What finds no room is asked for again after the next comparison.
        for known in versions where left > 0 {
            guard let log = log(of: known.node), log.version > known.version else { continue }
            let pages = changes(of: known.node, log, after: known.version, pages: left)
            messages += pages
            left -= pages.count
        }
        return messages.map { .send($0, to: peer) }
    }

    /// The first pages of the changes after a version, or of the whole state where those are no longer available.
    func changes(
        of owner: UniqueAddress, _ log: RegistrationLog, after start: UInt64, pages limit: Int
    ) -> [ServiceRegistryMessage] {
        var pages: [RegistrationChanges] = []
        var next = start
        while pages.count < limit, next < log.version {
            guard let page = log.changes(after: next, bytes: settings.pageBytes) else {
                return state(of: owner, log, asOf: log.version, after: 0)
            }
            pages.append(page)
            next = page.through
        }
        return pages.enumerated().map { index, page in
            .changes(owner: owner, page, latest: log.version, isLast: index == pages.count - 1)
        }
    }

    private func state(
        of owner: UniqueAddress, _ log: RegistrationLog, asOf version: UInt64, after start: UInt64
    ) -> [ServiceRegistryMessage] {
        var pages: [RegistrationState] = []
        var next = start
        while pages.count < settings.burst, next < version,
            let page = log.state(asOf: version, after: next, bytes: settings.pageBytes)
        {
            pages.append(page)
            next = page.through
        }
        return pages.enumerated().map { index, page in .state(owner: owner, page, isLast: index == pages.count - 1) }
    }

    // MARK: Taking

    private mutating func take(
        _ page: RegistrationChanges, of owner: UniqueAddress, latest: UInt64?, from peer: UniqueAddress,
        at now: Instant
    ) -> [ServiceRegistryEffect] {
        guard owner != myself, isMember(owner) else { return [] }
        var log = copies[owner] ?? RegistrationLog(removalLimit: settings.removalLimit)
        guard page.after <= log.version || settings.mutations.contains(.ignoresGaps) else {
            // Some changes before these are missing.
            return want([owner], at: now).map { [.send($0, to: peer)] } ?? []
        }
        guard log.registrations.count + page.added.count <= settings.registrationLimit else { return [] }
        let services = log.apply(page)
        copies[owner] = log
        if let transfer = transfers[owner], transfer.asOf <= log.version { transfers[owner] = nil }
        var effects = changed(services, at: now)
        if let latest {
            asked[owner] = nil
            if latest > log.version, let request = want([owner], at: now) { effects.append(.send(request, to: peer)) }
        }
        return effects
    }

    private mutating func take(
        _ page: RegistrationState, of owner: UniqueAddress, _ isLast: Bool, from peer: UniqueAddress, at now: Instant
    ) -> [ServiceRegistryEffect] {
        guard owner != myself, isMember(owner), page.asOf > version(of: owner).version else { return [] }
        var transfer =
            page.after == 0
            ? Transfer(source: peer, asOf: page.asOf, through: 0, registrations: [])
            : transfers[owner]
        guard var open = transfer, open.source == peer, open.asOf == page.asOf, open.through == page.after,
            page.through > page.after, open.registrations.count + page.registrations.count <= settings.registrationLimit
        else { return [] }
        transfer = nil
        open.registrations += page.registrations
        open.through = page.through
        asked[owner] = now + settings.patience
        guard open.through >= open.asOf else {
            transfers[owner] = open
            guard isLast else { return [] }
            return [.send(.wantState(owner: owner, asOf: open.asOf, after: open.through), to: peer)]
        }
        transfers[owner] = nil
        asked[owner] = nil
        var log = copies[owner] ?? RegistrationLog(removalLimit: settings.removalLimit)
        let services = log.replace(with: open.registrations, asOf: open.asOf)
        copies[owner] = log
        return changed(services, at: now)
    }
}
