/// What is known about some actors, each found without a search through all of them, and all in the order they were added.
///
/// An actor may watch thousands, or be watched by them. The order counts: it is the order in which watchers are notified.
struct WatchTable<Actor: Hashable, Value> {
    private struct Entry {
        let number: UInt64
        let actor: Actor
        var value: Value
    }

    private var entries: [Actor: Entry] = [:]
    private var added: UInt64 = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    /// What is known about the actor. Setting it again keeps the position of the first time.
    subscript(actor: Actor) -> Value? {
        get { entries[actor]?.value }
        set {
            guard let newValue else { return entries[actor] = nil }
            if let index = entries.index(forKey: actor) { return entries.values[index].value = newValue }
            added &+= 1
            entries[actor] = Entry(number: added, actor: actor, value: newValue)
        }
    }

    /// Removes an actor and returns what was known about it.
    mutating func remove(_ actor: Actor) -> Value? { entries.removeValue(forKey: actor)?.value }

    /// All of them, in the order they were added; O(n log n).
    var inOrder: [(actor: Actor, value: Value)] {
        entries.values.sorted { $0.number < $1.number }.map { ($0.actor, $0.value) }
    }
}
