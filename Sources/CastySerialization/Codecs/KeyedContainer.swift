/// A keyed container of the standard library that is used again for the next value with the same keys.
///
/// Making one allocates, and looks up four types at run time, which takes longer than reading a few fields. The standard
/// library's struct is one reference to an object, which holds the coder's own container and that in turn its state. It
/// is used again only while nothing else refers to the object.
struct KeyedContainer<State: AnyObject> {
    /// How many a coder keeps.
    static var limit: Int { 8 }

    /// The type of the keys.
    let key: ObjectIdentifier
    var box: ContainerObject
    let state: State
}

/// Stands for an object of the standard library, only to be counted. With `AnyObject` instead, the compiler passes a copy
/// to `isKnownUniquelyReferenced`, so that no object is ever unique.
final class ContainerObject {}

/// Which fields a container reads.
final class BinaryKeyedDecodingState {
    /// The reader holds the container for its next use, so the container does not hold the reader; see ``keeper``.
    unowned(unsafe) let reader: BinaryReader
    /// The same reader, where the container may outlive the call.
    @exclusivity(unchecked) var keeper: BinaryReader?
    @exclusivity(unchecked) private(set) var content: Range<Int>
    /// The number of containers that enclose its values.
    @exclusivity(unchecked) private(set) var level: Int

    init(_ reader: BinaryReader, _ content: Range<Int>, level: Int) {
        self.reader = reader
        self.content = content
        self.level = level
    }

    func set(_ content: Range<Int>, level: Int) {
        self.content = content
        self.level = level
    }
}

/// Which container a keyed container writes to.
final class BinaryKeyedEncodingState {
    /// The writer holds the container for its next use, so the container does not hold the writer; see ``keeper``.
    unowned(unsafe) let writer: BinaryWriter
    /// The same writer, where the container may outlive the call.
    @exclusivity(unchecked) var keeper: BinaryWriter?
    @exclusivity(unchecked) var handle: BinaryWriter.Handle

    init(_ writer: BinaryWriter, _ handle: BinaryWriter.Handle) {
        self.writer = writer
        self.handle = handle
    }
}
