# Runs on a node before its containerd: begin with the images of the prepared store.
# share-layers.sh PREPARED_STORE OWN_STORE
set -eu
prepared=$1 own=$2
layers=io.containerd.snapshotter.v1.overlayfs
blobs=io.containerd.content.v1.content/blobs
images=io.containerd.metadata.v1.bolt/meta.db
mkdir -p "$own/$layers/snapshots" "$own/$blobs" "$(dirname "$own/$images")"
# What containerd writes is copied, once; the last of it whole is the sign that all is.
if [ ! -e "$own/$images" ]; then
  cp "$prepared/$layers/metadata.db" "$own/$layers/metadata.db"
  cp "$prepared/$images" "$own/$images.new"
  mv "$own/$images.new" "$own/$images"
fi
# What it only reads is shared. New layers lie beside; new blobs there are none, because
# no image is ever pulled.
mount --bind "$prepared/$blobs" "$own/$blobs"
for layer in "$prepared/$layers/snapshots"/*; do
  mkdir -p "$own/$layers/snapshots/$(basename "$layer")"
  mount --bind "$layer" "$own/$layers/snapshots/$(basename "$layer")"
done
