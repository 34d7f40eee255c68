extension Array {
    /// The first index whose element does not come before the wanted one; O(log n) in a sorted array.
    @inlinable
    package func lowerBound(_ comesBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if comesBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first index whose element's key is not below the given one, in an array sorted by that key.
    @inlinable
    package func sortedIndex<Key: Comparable>(of wanted: Key, by key: (Element) -> Key) -> Int {
        lowerBound { key($0) < wanted }
    }

    /// Sorted by the key, with one element for each key: the join of the elements that share it.
    @inlinable
    package func sortedUniquely<Key: Comparable>(by key: (Element) -> Key, joining join: (Element, Element) -> Element)
        -> [Element]
    {
        if isStrictlySorted(by: key) { return self }
        var result: [Element] = []
        for element in sorted(by: { key($0) < key($1) }) {
            if let last = result.last, key(last) == key(element) {
                result[result.count - 1] = join(last, element)
            } else {
                result.append(element)
            }
        }
        return result
    }

    @inlinable
    func isStrictlySorted<Key: Comparable>(by key: (Element) -> Key) -> Bool {
        guard var last = first.map(key) else { return true }
        for index in 1..<count {
            let next = key(self[index])
            guard last < next else { return false }
            last = next
        }
        return true
    }
}

extension Array {
    /// The element with that key, in an array sorted by the key without repetitions.
    @inlinable
    package func sortedElement<Key: Comparable>(of wanted: Key, by key: (Element) -> Key) -> Element? {
        let index = sortedIndex(of: wanted, by: key)
        return index < count && key(self[index]) == wanted ? self[index] : nil
    }
}

extension Array where Element: Comparable {
    /// Whether a sorted array holds an element.
    @inlinable
    package func sortedContains(_ element: Element) -> Bool {
        let index = sortedIndex(of: element) { $0 }
        return index < count && self[index] == element
    }

    /// Adds an element to a sorted array unless it is there already.
    ///
    /// - Returns: Whether it was added.
    @discardableResult @inlinable
    package mutating func insertSorted(_ element: Element) -> Bool {
        let index = sortedIndex(of: element) { $0 }
        if index < count, self[index] == element { return false }
        insert(element, at: index)
        return true
    }

    /// Removes an element from a sorted array, if it is there.
    @inlinable
    package mutating func removeSorted(_ element: Element) {
        let index = sortedIndex(of: element) { $0 }
        if index < count, self[index] == element { remove(at: index) }
    }

    /// The union of two sorted arrays.
    @inlinable
    package func sortedUnion(_ other: [Element]) -> [Element] {
        if self == other { return self }
        var result: [Element] = []
        mergeSorted(self, other, key: { $0 }) { left, right in
            if let element = left ?? right { result.append(element) }
        }
        return result
    }
}

/// Walks two arrays sorted by the same key in step, and passes elements with the same key together.
@inlinable
package func mergeSorted<Element, Key: Comparable>(
    _ left: [Element], _ right: [Element], key: (Element) -> Key, _ body: (Element?, Element?) -> Void
) {
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
        if i == left.count {
            body(nil, right[j])
            j += 1
        } else if j == right.count {
            body(left[i], nil)
            i += 1
        } else {
            let (a, b) = (key(left[i]), key(right[j]))
            if a == b {
                body(left[i], right[j])
                i += 1
                j += 1
            } else if a < b {
                body(left[i], nil)
                i += 1
            } else {
                body(nil, right[j])
                j += 1
            }
        }
    }
}
