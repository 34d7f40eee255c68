/// How a list differs from an earlier one: the elements at some positions, or a new list.
struct ListChange<Element: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    private struct Entry: Hashable, Sendable, Codable {
        let index: Int
        let element: Element
    }

    private let whole: [Element]?
    private let entries: [Entry]

    init(from old: [Element], to new: [Element]) {
        // Elements move when the length changes.
        guard old.count == new.count else {
            (whole, entries) = (new, [])
            return
        }
        let entries = old == new ? [] : new.indices.filter { old[$0] != new[$0] }
        whole = entries.count * 2 > new.count ? new : nil
        self.entries = whole == nil ? entries.map { Entry(index: $0, element: new[$0]) } : []
    }

    /// Makes the new list of the earlier one.
    ///
    /// - Returns: Whether the change fits the list.
    func apply(to list: inout [Element]) -> Bool {
        if let whole { list = whole }
        for entry in entries {
            guard list.indices.contains(entry.index) else { return false }
            list[entry.index] = entry.element
        }
        return true
    }
}

/// A new value, unless it is the same as before.
struct ValueChange<Value: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    private let value: Value?

    init(from old: Value, to new: Value) {
        value = old == new ? nil : new
    }

    func apply(to old: inout Value) { if let value { old = value } }
}
