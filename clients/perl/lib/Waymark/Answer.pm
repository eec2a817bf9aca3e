package Waymark::Answer;

# What an answer means for the reports that were sent. No disk and no network here. PROTOCOL.md, section 5.

use v5.36;
use Exporter 'import';
use Waymark::Item qw(is_sound);
use Waymark::Trust qw(covered receipt_holds);

our @EXPORT_OK = qw(status_says receipt_believed settled wait_s suspect_after);

my $WAIT_MOST_S  = 900;
my $WAIT_LEAST_S = 2;
my $SUSPECT      = 5;
my $DAY_S        = 86_400;

# kind: ok; none (not the service's word: nothing is blamed); later (waits); halve (at once); fault (waits, halves).
sub status_says ($status, $headers) {
    return {kind => 'ok'} if $status == 200;
    my $finer   = $headers->{'waymark-retry-ms'};
    my $floor_s = _is_number($finer) ? _number($finer) / 1000 : _number($headers->{'retry-after'});
    return {kind => 'halve', reason => 'http_413'} if $status == 413;
    return {kind => 'later', reason => "http_$status", floor_s => $floor_s} if $status =~ /\A(?:429|503|507)\z/;
    # 502 and 504: perhaps stored. The batch comes apart, and nobody is blamed.
    return {kind => 'fault', reason => "http_$status", unsure => 1} if $status =~ /\A(?:502|504)\z/;
    return {kind => 'fault', reason => "http_$status"} if $status == 400 || $status >= 500;
    return {kind => 'none', reason => 'not_the_service'};
}

sub _number ($header) { return _is_number($header) ? 0 + (ref $header ? $header->[0] : $header) : 0 }

sub _is_number ($header) {
    my $text = ref $header ? $header->[0] : $header;
    return defined $text && $text =~ /\A[0-9]{1,9}\z/;
}

# 1, 0, or undef when a newer key set may tell.
sub receipt_believed ($response, $keys) {
    my $receipt = $response->{receipt} or return 1;
    return 0 if $receipt->{incarnation} ne $response->{incarnation};
    return receipt_holds($receipt, $keys);
}

# For each item, what became of it: {is => stored, result} | {is => damaged | doubted | later, reason, floor_s}.
sub settled ($items, $response) {
    my (%of, %nameless);
    for my $result ($response->{results}->@*) {
        if (length $result->{item_id}) { $of{$result->{item_id}} //= $result }
        else                           { $nameless{$result->{index}} //= $result }
    }
    return map { _one($items->[$_], $_, $of{$items->[$_]{item_id}} // $nameless{$_}, $response) } 0 .. $#$items;
}

sub _one ($item, $index, $result, $response) {
    return {is => 'later', reason => 'no_result'} if !$result;
    if (covered($response->{receipt}, $result, $item->{item_id}, $item->{sha256}, $item->{sig})) {
        return {is => 'stored', result => $result, receipt => $response->{receipt}};
    }
    if ($result->{verdict} eq 'rejected' && $result->{index} == $index) {
        # Nobody signs a refusal: it is believed only where these own bytes are at fault.
        my $reason = $result->{reason} // 'rejected';
        return {is => is_sound($item) ? 'doubted' : 'damaged', reason => $reason};
    }
    return {is => 'later', reason => 'not_proven', floor_s => 0} if $result->{verdict} =~ /\A(?:accepted|duplicate|conflict)\z/;
    return {is => 'later', reason => $result->{reason} // 'retry', floor_s => $result->{retry_after_s} // 0};
}

# Seconds to wait after so many failures. A floor is waited in full, and up to a fifth more.
sub wait_s ($failures, $floor_s = 0) {
    return $floor_s * (1 + rand 0.2) if $floor_s;
    my $most = $failures >= 9 ? $WAIT_MOST_S : $WAIT_LEAST_S * 2**$failures;
    return rand($most < $WAIT_MOST_S ? $most : $WAIT_MOST_S);
}

# A report that has failed alone so often is tried once a day.
sub suspect_after ($alone) { return $alone >= $SUSPECT ? $DAY_S : 0 }

1;
