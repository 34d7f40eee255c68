/// The first few, in an order, of many that come in none: keeps at most twice as many.
struct Best<Element> {
    private let limit: Int
    private let comesBefore: (Element, Element) -> Bool
    private var elements: [Element] = []
    /// What does not come before this one is not among the first.
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

    /// The first of them, in order.
    var sorted: [Element] { Array(elements.sorted(by: comesBefore).prefix(limit)) }
}
