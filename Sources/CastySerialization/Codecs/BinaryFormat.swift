/// The binary encoding of `Codable` values.
///
/// A value is a tag byte, followed by its content:
///
/// ```
/// 00 nil   01 false   02 true   03 float (4)   04 double (8)   05 text   06 bytes   07 keyed   08 unkeyed
/// 10…17   number of 1…8 bytes          18…1F   −1 − number of 1…8 bytes
/// 40…7F   text of 0…63 bytes           80…FF   number 0…127
/// ```
///
/// Numbers of several bytes are little-endian. Text (UTF-8) and bytes begin with their length as a varint. Containers
/// begin with the length of their content in four bytes, so that a reader can skip one at once; an unkeyed container
/// holds values, a keyed one keys and values in turn. A key is a varint: twice its length, followed by its bytes; or
/// twice the index of an equal earlier key, counted from the first byte of the message, plus one.
enum BinaryFormat {
    static let null: UInt8 = 0x00
    static let no: UInt8 = 0x01
    static let yes: UInt8 = 0x02
    static let float: UInt8 = 0x03
    static let double: UInt8 = 0x04
    static let text: UInt8 = 0x05
    static let bytes: UInt8 = 0x06
    static let keyed: UInt8 = 0x07
    static let unkeyed: UInt8 = 0x08
    static let positive: UInt8 = 0x10
    static let negative: UInt8 = 0x18
    static let shortText: UInt8 = 0x40
    static let smallNumber: UInt8 = 0x80
    /// The size of a container's tag and length.
    static let containerHead = 5
}
