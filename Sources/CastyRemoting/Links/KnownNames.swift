import CastyActors
import CastySerialization

/// The cells and types behind the numbers that a peer announced on one lane, so that they are not looked up for each
/// message.
struct KnownNames {
    private var targets: [AnyActorCell?] = []
    private var types: [AnyRegisteredType?] = []
    /// The cells that paths without a uid lead to, as of that count of publications: another actor may take a path.
    private var published: [AnyActorCell?] = []
    private var publications: UInt64 = 0
    /// The inlets by the number of their target, each for the type that came first.
    private var inlets: [Inlet?] = []

    /// The inlet for a target and a type, while its target is still the right one.
    @inline(__always)
    func inlet(_ target: Int, _ type: Int, at publications: UInt64) -> Inlet? {
        guard target <= inlets.count, let inlet = inlets[target - 1], inlet.type == type else { return nil }
        if let known = inlet.publications, known != publications { return nil }
        return inlet
    }

    mutating func set(_ inlet: Inlet, _ target: Int) {
        while inlets.count < target { inlets.append(nil) }
        inlets[target - 1] = inlet
    }

    func target(_ id: Int?) -> AnyActorCell? {
        guard let id, id <= targets.count else { return nil }
        return targets[id - 1]
    }

    /// The cell that a path without a uid leads to.
    func published(_ id: Int?, at count: UInt64) -> AnyActorCell? {
        guard let id, id <= published.count, publications == count else { return nil }
        return published[id - 1]
    }

    func type(_ id: Int?) -> AnyRegisteredType? {
        guard let id, id <= types.count else { return nil }
        return types[id - 1]
    }

    // The decoder lets a peer announce at most `WireLimits.internedNames` numbers.

    mutating func set(_ target: AnyActorCell, _ id: Int?) {
        guard let id else { return }
        while targets.count < id { targets.append(nil) }
        targets[id - 1] = target
    }

    mutating func set(published target: AnyActorCell, _ id: Int?, at count: UInt64) {
        guard let id else { return }
        if publications != count { (published, publications) = ([], count) }
        while published.count < id { published.append(nil) }
        published[id - 1] = target
    }

    mutating func set(_ type: AnyRegisteredType, _ id: Int?) {
        guard let id else { return }
        while types.count < id { types.append(nil) }
        types[id - 1] = type
    }
}
