import CastyCore

/// The registrations of one node, on that node or on another one.
///
/// Only the node itself changes its log, and numbers each change. So a copy is described by one number: it has every
/// change up to its ``version``. A copy may lack a registration early whose removal is a later change; it never has one
/// whose removal it knows.
///
/// A copy is brought up to date with the changes after its version. Additions are found in the registrations
/// themselves; removals are retained for a while. Where the removals since a version are no longer available, the copy is
/// replaced as a whole.
package struct RegistrationLog: Hashable, Sendable {
    /// The number of the last change.
    package private(set) var version: UInt64 = 0
    /// Sorted by version.
    package private(set) var registrations: [Registration] = []
    /// The versions of the registrations of each service, ascending.
    private var versions: [ServiceID: [UInt64]] = [:]
    /// The latest removals, ascending.
    private var removals: [RegistrationRemoval] = []
    /// All removals with a higher number are retained.
    private var removalsSince: UInt64 = 0
    /// How many removals are retained; more where there are more registrations.
    private let removalLimit: Int

    package init(removalLimit: Int) {
        self.removalLimit = removalLimit
    }

    /// The registrations of a service, the oldest first.
    package func registrations(of service: ServiceID) -> [Registration] {
        versions[service]?.compactMap { registration($0) } ?? []
    }

    package func registration(_ version: UInt64) -> Registration? {
        registrations.sortedElement(of: version) { $0.version }
    }

    // MARK: On the node itself

    mutating func add(_ service: ServiceID, path: [String], uid: UInt64) -> Registration {
        version += 1
        let added = Registration(version: version, service: service, path: path, uid: uid)
        append(added)
        return added
    }

    mutating func remove(_ number: UInt64) -> Registration? {
        guard let removed = take(number) else { return nil }
        version += 1
        keep(RegistrationRemoval(at: version, of: number))
        return removed
    }

    // MARK: Copies

    /// Adds the changes of a page that this copy does not have.
    ///
    /// - Returns: The services that they concern.
    mutating func apply(_ page: RegistrationChanges) -> [ServiceID] {
        guard page.through > version else { return [] }
        var changed: [ServiceID] = []
        for added in page.added where added.version > version && added.version <= page.through {
            append(added)
            changed.append(added.service)
        }
        for removal in page.removed where removal.at > version && removal.at <= page.through {
            if let removed = take(removal.of) { changed.append(removed.service) }
            keep(removal)
        }
        version = page.through
        return changed
    }

    /// Replaces everything.
    ///
    /// - Returns: The services that the registrations before and after are of.
    mutating func replace(with all: [Registration], asOf version: UInt64) -> [ServiceID] {
        guard version > self.version else { return [] }
        var changed = Array(versions.keys)
        self = RegistrationLog(removalLimit: removalLimit)
        for registration in all { append(registration) }
        (self.version, removalsSince) = (version, version)
        changed += versions.keys
        return changed
    }

    // MARK: Pages

    /// The changes after a version, as many as fit into some bytes, at least one; `nil` where some are no longer available.
    package func changes(after start: UInt64, bytes: Int) -> RegistrationChanges? {
        guard start >= removalsSince else { return nil }
        var page = RegistrationChanges(after: start, through: start)
        var size = 0
        var nextAdded = registrations.lowerBound { $0.version <= start }
        var nextRemoved = removals.lowerBound { $0.at <= start }
        while nextAdded < registrations.count || nextRemoved < removals.count {
            let added = nextAdded < registrations.count ? registrations[nextAdded] : nil
            let removal = nextRemoved < removals.count ? removals[nextRemoved] : nil
            let isAddition = (added?.version ?? .max) < (removal?.at ?? .max)
            size += isAddition ? added?.size ?? 0 : 20
            if size > bytes, page.through > start { return page }
            if isAddition, let added {
                page.added.append(added)
                page.through = added.version
                nextAdded += 1
            } else if let removal {
                page.removed.append(removal)
                page.through = removal.at
                nextRemoved += 1
            }
        }
        page.through = version
        return page
    }

    /// The registrations of a version that come after another version, as many as fit into some bytes, at least one;
    /// `nil` where this copy is not as far.
    package func state(asOf version: UInt64, after start: UInt64, bytes: Int) -> RegistrationState? {
        guard version <= self.version, start < version else { return nil }
        var page = RegistrationState(asOf: version, after: start, through: start)
        var size = 0
        for registration in registrations[registrations.lowerBound { $0.version <= start }...] {
            guard registration.version <= version else { break }
            size += registration.size
            if size > bytes, page.through > start { return page }
            page.registrations.append(registration)
            page.through = registration.version
        }
        page.through = version
        return page
    }

    // MARK: Parts

    private mutating func append(_ registration: Registration) {
        // A peer's page may name a version twice; the first one stays.
        guard registration.version > registrations.last?.version ?? 0 else { return }
        registrations.append(registration)
        versions[registration.service, default: []].append(registration.version)
    }

    private mutating func take(_ number: UInt64) -> Registration? {
        let index = registrations.sortedIndex(of: number) { $0.version }
        guard index < registrations.count, registrations[index].version == number else { return nil }
        let removed = registrations.remove(at: index)
        versions[removed.service]?.removeSorted(number)
        if versions[removed.service]?.isEmpty == true { versions[removed.service] = nil }
        return removed
    }

    private mutating func keep(_ removal: RegistrationRemoval) {
        guard removal.at > removals.last?.at ?? 0 else { return }
        removals.append(removal)
        // Half at a time, so that each removal costs little.
        guard removals.count > 2 * max(removalLimit, registrations.count) else { return }
        let dropped = removals.count / 2
        removalsSince = removals[dropped - 1].at
        removals.removeFirst(dropped)
    }

    /// How many removals are retained.
    package var removalCount: Int { removals.count }
}
