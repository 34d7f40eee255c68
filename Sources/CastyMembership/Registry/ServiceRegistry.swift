package import CastyCore

/// Which actors are registered under which services, on all nodes of a cluster, as far as one node knows.
///
/// Every node keeps a log of its own registrations, and a copy of the log of every other member. It sends its own
/// changes to all members. What got lost is found by comparison: at intervals a node compares with a random member
/// which versions both have, and each asks for what it lacks, also of third nodes' logs. A new member is compared with at
/// once. Logs of nodes that are no members are dropped, and nothing about such nodes is taken.
///
/// Messages are bounded: what does not fit into a few pages is asked for after those have arrived.
package struct ServiceRegistry: Sendable {
    package let myself: UniqueAddress
    let settings: ServiceRegistrySettings
    /// This node's own registrations.
    package internal(set) var own: RegistrationLog
    /// The copies of the other members' logs.
    var copies: [UniqueAddress: RegistrationLog] = [:]
    /// States of which some pages have arrived, by owner.
    var transfers: [UniqueAddress: Transfer] = [:]
    /// Until when requests wait for an answer, by owner.
    var asked: [UniqueAddress: Instant] = [:]
    /// The members, sorted.
    package private(set) var nodes: [ServiceNode] = []
    /// The versions of this node's registrations, by actor.
    private var versionsOfActor: [UInt64: [UInt64]] = [:]
    private var generator: SeededGenerator
    private var news = News()

    /// What the next flush sends.
    private struct News: Sendable {
        /// The version that all members have been sent.
        var sent: UInt64 = 0
        var services: Set<ServiceID> = []
        var isAboutAll = false
        var isFlushDue = false
        var lastFlush: Instant?
    }

    /// A state of which further pages are to come.
    struct Transfer: Hashable, Sendable {
        let source: UniqueAddress
        let asOf: UInt64
        var through: UInt64
        var registrations: [Registration]
    }

    package init(myself: UniqueAddress, settings: ServiceRegistrySettings, generator: SeededGenerator) {
        self.myself = myself
        self.settings = settings
        self.generator = generator
        own = RegistrationLog(removalLimit: settings.removalLimit)
    }

    // MARK: Registrations of this node

    /// Why an actor cannot be registered.
    package enum Refusal: Hashable, Sendable {
        case tooMany(limit: Int)
        case tooLarge(limit: Int)
    }

    /// Why an actor of this node cannot be registered; `nil` where it can.
    package func refusal(_ service: ServiceID, path: [String], uid: UInt64) -> Refusal? {
        if own.registrations.count >= settings.registrationLimit { return .tooMany(limit: settings.registrationLimit) }
        let size = Registration(version: 0, service: service, path: path, uid: uid).size
        return size > settings.sizeLimit ? .tooLarge(limit: settings.sizeLimit) : nil
    }

    /// Registers an actor of this node. Nothing happens where it is registered already.
    package mutating func onRegister(
        _ service: ServiceID, path: [String], uid: UInt64, at now: Instant
    ) -> [ServiceRegistryEffect] {
        let known = versionsOfActor[uid] ?? []
        if known.contains(where: { own.registration($0)?.service == service }) { return [] }
        versionsOfActor[uid] = known + [own.add(service, path: path, uid: uid).version]
        return changed([service], at: now)
    }

    /// Ends the registration of an actor of this node under one service.
    package mutating func onDeregister(_ service: ServiceID, uid: UInt64, at now: Instant) -> [ServiceRegistryEffect] {
        end(uid, at: now) { $0.service == service }
    }

    /// An actor of this node has ended, and all its registrations with it.
    package mutating func onEnded(_ uid: UInt64, at now: Instant) -> [ServiceRegistryEffect] {
        if settings.mutations.contains(.outlivesActors) { return [] }
        return end(uid, at: now) { _ in true }
    }

    private mutating func end(
        _ uid: UInt64, at now: Instant, where isMeant: (Registration) -> Bool
    ) -> [ServiceRegistryEffect] {
        guard let versions = versionsOfActor[uid] else { return [] }
        let ending = versions.compactMap { own.registration($0) }.filter(isMeant)
        for registration in ending { _ = own.remove(registration.version) }
        let rest = versions.filter { own.registration($0) != nil }
        versionsOfActor[uid] = rest.isEmpty ? nil : rest
        return changed(ending.map(\.service), at: now)
    }

    /// Whether an actor of this node is registered under any service.
    package func isRegistered(_ uid: UInt64) -> Bool { versionsOfActor[uid] != nil }

    // MARK: The cluster

    /// The view of the cluster has changed.
    ///
    /// - Parameter members: All members that are not down, this node among them once it is one.
    package mutating func onView(_ members: [ServiceNode], at now: Instant) -> [ServiceRegistryEffect] {
        let members = members.sorted { $0.node < $1.node }
        guard members != nodes else { return [] }
        let before = Set(peers)
        nodes = members
        if !settings.mutations.contains(.keepsRemovedMembers) {
            copies = copies.filter { isMember($0.key) }
            transfers = transfers.filter { isMember($0.key) && isMember($0.value.source) }
            asked = asked.filter { isMember($0.key) }
        }
        var effects: [ServiceRegistryEffect] = []
        // A peer that does not know this node yet ignores this, and sends the same as soon as it does.
        for peer in peers where !before.contains(peer) {
            let known = [version(of: myself), version(of: peer)]
            effects.append(.send(.versions(known, .some), to: peer))
        }
        news.isAboutAll = true
        return effects + flush(at: now)
    }

    /// The pause between two comparisons is over.
    package mutating func onStatusDue(at now: Instant) -> [ServiceRegistryEffect] {
        let peers = peers
        guard !peers.isEmpty, !knownVersions.isEmpty else { return [] }
        return [.send(.status(digest), to: peers[generator.below(peers.count)])]
    }

    /// Sends the news of this node to the members, and to the subscribers.
    package mutating func onFlush(at now: Instant) -> [ServiceRegistryEffect] {
        news.isFlushDue = false
        news.lastFlush = now
        var effects: [ServiceRegistryEffect] = []
        if own.version > news.sent {
            let pages = changes(of: myself, own, after: news.sent, pages: settings.burst)
            for peer in peers { effects += pages.map { .send($0, to: peer) } }
            news.sent = own.version
        }
        if news.isAboutAll {
            effects.append(.changed(nil))
        } else if !news.services.isEmpty {
            effects.append(.changed(news.services.sorted()))
        }
        (news.services, news.isAboutAll) = ([], false)
        return effects
    }

    // MARK: Listings

    /// The registrations of a service on members that are up or weakly up, by node and then by age.
    package func listing(of service: ServiceID) -> [ListedService] {
        var listed = nodes.filter(\.isListed)
        if settings.mutations.contains(.keepsRemovedMembers) {
            let gone = copies.keys.filter { !isMember($0) }
            listed += gone.map { ServiceNode(node: $0, isListed: true, isReachable: true) }
            listed.sort { $0.node < $1.node }
        }
        return listed.flatMap { member in
            let isReachable = member.isReachable || settings.mutations.contains(.ignoresReachability)
            return log(of: member.node)?.registrations(of: service).map {
                ListedService(node: member.node, registration: $0, isReachable: isReachable)
            } ?? []
        }
    }

    /// The log of a node, where this one has a copy.
    package func log(of node: UniqueAddress) -> RegistrationLog? { node == myself ? own : copies[node] }

    // MARK: Parts

    /// The other members that can be reached, sorted.
    var peers: [UniqueAddress] { nodes.filter { $0.isReachable && $0.node != myself }.map(\.node) }

    func isMember(_ node: UniqueAddress) -> Bool { nodes.sortedElement(of: node) { $0.node } != nil }

    func version(of node: UniqueAddress) -> KnownVersion {
        KnownVersion(node: node, version: log(of: node)?.version ?? 0)
    }

    /// What this node has, without logs that never changed, sorted by node.
    package var knownVersions: [KnownVersion] {
        let all = copies.map { KnownVersion(node: $0.key, version: $0.value.version) } + [version(of: myself)]
        return all.filter { $0.version > 0 }.sorted { $0.node < $1.node }
    }

    /// A hash of ``knownVersions``.
    package var digest: UInt64 {
        var hash = StableHash()
        for known in knownVersions {
            hash.combine(known.node.address.description)
            hash.combine(known.node.incarnation)
            hash.combine(known.version)
        }
        return hash.value
    }

    /// Notes that listings of some services may have changed, and makes sure that a flush is due.
    mutating func changed(_ services: [ServiceID], at now: Instant) -> [ServiceRegistryEffect] {
        if services.isEmpty { return [] }
        news.services.formUnion(services)
        return flush(at: now)
    }

    private mutating func flush(at now: Instant) -> [ServiceRegistryEffect] {
        if news.isFlushDue { return [] }
        news.isFlushDue = true
        let earliest = news.lastFlush.map { $0 + settings.pace } ?? now
        return [.flush(after: max(.zero, earliest - now))]
    }
}
