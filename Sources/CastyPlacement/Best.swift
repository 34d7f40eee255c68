/// The first `limit` of many unordered elements; holds at most 2 · max(limit, 16) of them.
struct Best<Element> {
    private let limit: Int
    private let comesBefore: (Element, Element) -> Bool
    private var elements: [Element] = []
    /// An element that does not come before this one is not among the first `limit`.
    private var bound: Element?

    init(limit: Int, by comesBefore: @escaping (Element, Element) -> Bool) {
        self.limit = max(0, limit)
        self.comesBefore = comesBefore
    }

    mutating func offer(_ element: Element) {
        if let bound, !comesBefore(element, bound) { return }
        elements.append(element)
        guard elements.count >= 2 * max(limit, 16) else { return }
        elements = sorted
        bound = elements.count == limit ? elements.last : nil
    }

    /// The first `limit` elements, in order.
    var sorted: [Element] { Array(elements.sorted(by: comesBefore).prefix(limit)) }
}
