extension Array {
    /// The first index whose element does not come before the wanted one; O(log n) in a sorted array.
    func lowerBound(_ comesBefore: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if comesBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Array where Element: Comparable {
    /// Whether an ascending array holds the element; O(log n).
    func containsSorted(_ element: Element) -> Bool {
        let index = lowerBound { $0 < element }
        return index < count && self[index] == element
    }

    /// Inserts the element into an ascending array, unless it is already there.
    mutating func insertSorted(_ element: Element) {
        let index = lowerBound { $0 < element }
        if index == count || self[index] != element { insert(element, at: index) }
    }

    /// Removes the element from an ascending array, if it is there.
    mutating func removeSorted(_ element: Element) {
        let index = lowerBound { $0 < element }
        if index < count, self[index] == element { remove(at: index) }
    }
}
