extension BinaryReader {
    /// Ends the call that lends the bytes. Returns whether no container outlives it.
    func end() -> Bool {
        var isAlone = true
        for index in containers.indices.reversed() where !isKnownUniquelyReferenced(&containers[index].box) {
            containers.remove(at: index).state.keeper = self
            isAlone = false
        }
        return isAlone
    }

    /// A container of fields: one that no one uses any more, or a new one.
    func container<Key: CodingKey>(
        keyedBy type: Key.Type, _ content: Range<Int>, level: Int
    ) -> KeyedDecodingContainer<Key> {
        for index in containers.indices where containers[index].key == ObjectIdentifier(type) {
            guard isKnownUniquelyReferenced(&containers[index].box) else { break }
            containers[index].state.set(content, level: level)
            return unsafeBitCast(containers[index].box, to: KeyedDecodingContainer<Key>.self)
        }
        let state = BinaryKeyedDecodingState(self, content, level: level)
        let made = KeyedDecodingContainer(BinaryKeyedDecoding<Key>(state: state))
        let isNew = !containers.contains { $0.key == ObjectIdentifier(type) }
        if isNew, containers.count < KeyedContainer<BinaryKeyedDecodingState>.limit,
            MemoryLayout<KeyedDecodingContainer<Key>>.size == MemoryLayout<ContainerObject>.size
        {
            containers.append(
                KeyedContainer(
                    key: ObjectIdentifier(type), box: unsafeBitCast(made, to: ContainerObject.self), state: state))
        } else {
            state.keeper = self
        }
        return made
    }
}
