# Provisions this machine for an image, and shuts it down whatever happens.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME="${HOME:-/root}"
console=/dev/console
log=/var/log/greenroom-provision.log
work=/var/lib/greenroom-provision
export GREENROOM_ARTIFACTS="$work/artifacts"

# Should all else fail.
shutdown -P "+$((seconds / 60 + 5))"

say() {
  printf '\ngreenroom: %s\n' "$1" >>"$console"
}

end() {
  sync
  shutdown -P now
  exit 0
}

failed() {
  say "provisioning failed: $1"
  say 'log begins'
  tail -n 40 "$log" >>"$console"
  say 'log ends'
  end
}

# NAME COMMAND...: runs a command for as long as there is time.
step() {
  name=$1
  shift
  left=$((deadline - $(date +%s)))
  [ "$left" -gt 0 ] || failed "there was no time left for $name"
  timeout -k 10 "$left" "$@" >>"$log" 2>&1 </dev/null
  status=$?
  case $status in
    0) ;;
    124) failed "$name did not end in time: all had $seconds seconds" ;;
    *) failed "$name exited with $status" ;;
  esac
}

# What was this machine's own must not be in the image.
forget() {
  rm -rf "$work"
  if command -v cloud-init >/dev/null; then
    cloud-init clean || rm -rf /var/lib/cloud/instance /var/lib/cloud/instances
  fi >>"$log" 2>&1
  [ ! -s /etc/machine-id ] || : >/etc/machine-id
}

deadline=$(($(date +%s) + seconds))
mkdir -p "$GREENROOM_ARTIFACTS" && cd "$work" || failed "there is no place for $work"
: >"$log"

# NAME URL SHA256
cat >fetch <<'GREENROOM'
file="$GREENROOM_ARTIFACTS/$1"
if command -v curl >/dev/null; then
  curl -fsSL --retry 5 -o "$file" "$2"
else
  wget -q -O "$file" "$2"
fi
echo "$3  $file" | sha256sum -c -
chmod 755 "$file"
GREENROOM
