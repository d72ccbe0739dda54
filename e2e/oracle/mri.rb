# Answers the cases on standard input as java/Joni.java does, by the engine of Ruby itself (MRI).
STDIN.binmode
$VERBOSE = nil

NAMED = { 'a' => "\a", 'b' => "\b", 'f' => "\f", 'n' => "\n", 'r' => "\r", 't' => "\t", 'v' => "\v" }.freeze

# unquote takes off the quotes of a JSON string, or one of Go.
def unquote(field)
  field = field[1..-2].gsub(/\\(x(..)|u(....)|U(........)|.)/mn) do
    if Regexp.last_match(2) then [Regexp.last_match(2)].pack('H*')
    elsif (code = Regexp.last_match(3) || Regexp.last_match(4)) then [code.hex].pack('U').b
    else NAMED[Regexp.last_match(1)] || Regexp.last_match(1)
    end
  end
  field.force_encoding('UTF-8')
end

def answer(expr, text)
  m = Regexp.new(expr, Regexp::MULTILINE).match(text)
  return 'nomatch' if m.nil?

  offsets = (0...m.size).map do |i|
    m.begin(i) ? [m.begin(i), m.end(i)].map { |at| text[0, at].bytesize }.join(',') : '-1,-1'
  end
  "match #{offsets.join(' ')}"
rescue RegexpError, ArgumentError => e
  "error #{e.message.gsub(/\s/, ' ')}"
end

STDIN.each_line do |line|
  expr, text = line.chomp.split("\t")
  puts answer(unquote(expr), unquote(text))
end
